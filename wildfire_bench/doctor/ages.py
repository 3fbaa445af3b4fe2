"""Ages and counts, in words."""

from __future__ import annotations

__all__ = ["age", "counted"]

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def age(seconds: float) -> str:
    """Say an age in its largest fitting unit."""
    for size_s, unit in _UNITS:
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def counted(number: int, thing: str) -> str:
    """Say how many, with an s where there is not one."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
