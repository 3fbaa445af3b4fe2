"""The seam to whoever watches: parts answer with frozen figures when they are asked.

Nothing is pushed. A part counts in plain integers, in the one thread that does its work, and gives
a copy on demand: that costs an addition where something happens, and no lock. Metrics and the
status API of `wildfire_bench.monitoring` read these, and so can a program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from wildfire_bench import errors

__all__ = ["OTHER_ERROR", "Observable", "Snapshot", "error_name"]

OTHER_ERROR: Final = "Other"
"""What errors are called that are not this library's."""


class Snapshot(Protocol):
    """Figures of one kind at one moment: a frozen dataclass.

    Fields are numbers, text, enumerations, or dataclasses, mappings and tuples of these, bounded
    in number whatever is received; the status API shows them under `section` as they are.
    """

    section: ClassVar[str]


class Observable(Protocol):
    """Something that can be watched."""

    def snapshots(self) -> Sequence[Snapshot]:
        """Figures of now; from any thread, at once. Empty while it is not running."""


def error_name(error: BaseException) -> str:
    """Name of an error as a reason: its class in `wildfire_bench.errors`, so that it is bounded."""
    for kind in type(error).__mro__:
        if kind.__module__ == errors.__name__:
            return kind.__name__
    return OTHER_ERROR
