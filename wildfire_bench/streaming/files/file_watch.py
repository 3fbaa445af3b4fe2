"""New image files of a folder, each as soon as it is complete."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wildfire_bench.errors import InputError
from wildfire_bench.streaming.files.file_selection import MAX_FILES, files_in

__all__ = ["SETTLE_S", "FileState", "file_state", "watch_folder"]

log = logging.getLogger(__name__)

SETTLE_S: Final = 2.0
"""How long size and time of change must stay the same until a file counts as complete."""
_LOOKS_PER_SETTLE: Final = 4
_MAX_INTERVAL_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class FileState:
    """What changes when a file is written to or replaced."""

    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class _Seen:
    state: FileState
    since_s: float
    given: bool = False
    """Or told to be empty."""


def file_state(path: Path) -> FileState | None:
    """Look at a file; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


async def watch_folder(
    folder: Path,
    *,
    settle_s: float = SETTLE_S,
    idle_timeout_s: float | None = None,
) -> AsyncGenerator[Path]:
    """Give the files of a folder once each is complete, those already there included.

    A file is complete when it has bytes and neither its size nor its time of change has moved for
    `settle_s`. Files that are written under a hidden name, or with a suffix such as ``.part``, and
    then renamed are never seen half. A file that changes or is replaced later is given again. One
    that rests empty is told in a warning, once.

    Parameters
    ----------
    folder
        Folders below it are watched as well.
    settle_s
        Seconds that a file must rest; raise it for writers that pause for longer.
    idle_timeout_s
        Ends when nothing was given and nothing was settling for so long; None watches forever.

    Raises
    ------
    InputError
        If the folder cannot be read, or holds more than `MAX_FILES` files.

    Notes
    -----
    It looks again and again rather than asking the system for events: network file systems send
    none, and an event does not say that a file is complete.
    """
    seen: dict[Path, _Seen] = {}
    interval_s = min(_MAX_INTERVAL_S, settle_s / _LOOKS_PER_SETTLE)
    active_s = time.monotonic()
    while True:
        complete = await asyncio.to_thread(_look, folder, seen, settle_s)
        for path in complete:
            yield path
        now_s = time.monotonic()
        if complete or any(not each.given for each in seen.values()):
            active_s = now_s
        if idle_timeout_s is not None and now_s - active_s >= idle_timeout_s:
            return
        await asyncio.sleep(interval_s)


def _look(folder: Path, seen: dict[Path, _Seen], settle_s: float) -> list[Path]:
    """Note what is there now; returns what has become complete."""
    now_s = time.monotonic()
    there: dict[Path, FileState] = {}
    for path in files_in(folder):
        state = file_state(path)
        if state is not None:
            there[path] = state
        if len(there) > MAX_FILES:
            msg = f"{folder} holds more than {MAX_FILES:,} files: move away those that were sent"
            raise InputError(msg)
    for path in seen.keys() - there.keys():
        del seen[path]
    complete = []
    for path, state in there.items():
        known = seen.get(path)
        if known is None or known.state != state:
            seen[path] = _Seen(state, now_s)
        elif not known.given and now_s - known.since_s >= settle_s:
            known.given = True
            if state.size_bytes:
                complete.append(path)
            else:
                log.warning("%s is empty: it is sent once it has bytes", path)
    return complete
