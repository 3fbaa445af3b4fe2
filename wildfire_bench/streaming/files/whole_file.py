"""Files that are whole or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import FileNotWritten

__all__ = ["flush_folder", "not_written", "remove_unfinished", "write_whole"]

UNFINISHED_MAX_AGE_S: Final = 3600.0
"""Unfinished files older than this belong to a program that was killed."""
_UNFINISHED_PREFIX: Final = ".wildfire-writing-"
_UNFINISHED_SUFFIX: Final = ".part"


def write_whole(path: Path, data: Buffer) -> None:
    """Write a file beside its place, flush it to the disk, and move it there in one step.

    Raises
    ------
    FileNotWritten
        If it cannot be written; what stood there before stays.
    """
    try:
        handle, name = tempfile.mkstemp(
            prefix=_UNFINISHED_PREFIX, suffix=_UNFINISHED_SUFFIX, dir=path.parent
        )
        made = Path(name)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle, not a path
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            made.chmod(0o666 & ~_umask())
            made.replace(path)
        except BaseException:
            made.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise not_written(path, error) from error


def flush_folder(folder: Path) -> None:
    """Make new names in a folder last through a power cut; Windows has no such call."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed programs left of their files."""
    oldest_s = time.time() - UNFINISHED_MAX_AGE_S
    for left in folder.glob(f"{_UNFINISHED_PREFIX}*{_UNFINISHED_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another program finished it just now
            if left.stat().st_mtime < oldest_s:
                left.unlink()


def not_written(path: Path, error: OSError) -> FileNotWritten:
    """Say which file could not be written, and why."""
    if isinstance(error, FileNotWritten):
        return error
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        why = "the disk is full: free some space"
    else:
        why = error.strerror or str(error)
    return FileNotWritten(f"{path} cannot be written: {why}")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
