"""Files of measurement that come with the package: the claims register, the reference run."""

from __future__ import annotations

from pathlib import Path

from wildfire_bench.errors import BenchmarkError

__all__ = ["data_file"]


def data_file(name: str) -> Path:
    """Find a file or folder: a part of the installed package, or of the source tree.

    Raises
    ------
    BenchmarkError
        If neither has it.
    """
    packaged = Path(__file__).parents[1] / "data" / name
    source_tree = Path(__file__).parents[2] / "data" / name
    for path in (packaged, source_tree):
        if path.exists():
            return path
    msg = f"{packaged} is missing: install wildfire-bench again"
    raise BenchmarkError(msg)
