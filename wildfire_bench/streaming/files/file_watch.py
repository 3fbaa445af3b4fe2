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
from wildfire_bench.streaming.files.file_selection import MAX_FILES, files_in, is_json, side_cars

__all__ = ["MAX_SIDE_CAR_WAIT_S", "SETTLE_S", "FileState", "file_state", "watch_folder"]

log = logging.getLogger(__name__)

SETTLE_S: Final = 2.0
"""How long size and time of change must stay the same until a file counts as complete."""
MAX_SIDE_CAR_WAIT_S: Final = 30.0
"""How much longer an image is held up by JSON beside it that goes on changing."""
_LOOKS_PER_SETTLE: Final = 4
_MAX_INTERVAL_S: Final = 1.0
_GOES_ON_CHANGING: Final = (
    "the JSON beside %s goes on changing for more than %g s: the image is sent with what that says "
    "then, and again once it rests. Write it under another suffix, such as .part, and rename it"
)


@dataclass(frozen=True, slots=True)
class FileState:
    """What changes when a file is written to or replaced."""

    size_bytes: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class _Seen:
    """An image and the JSON beside it, from look to look."""

    image: FileState
    image_since_s: float
    side_car: FileState | None
    side_car_since_s: float
    unrest_since_s: float
    """When the JSON began to change; it rests when it has not for as long as an image must."""
    pending: bool = True
    """Whether it is to be given, or told to be empty."""
    given: bool = False
    """Whether the image, as it is, was given or told to be empty before."""
    told: bool = False
    """Whether it was told that the JSON goes on changing."""

    def note(
        self, image: FileState, side_car: FileState | None, now_s: float, settle_s: float
    ) -> None:
        """Compare with what is there now; JSON that was taken away says nothing new."""
        if image != self.image:
            self.image, self.image_since_s = image, now_s
            self.pending, self.given = True, False
        if side_car is not None and side_car != self.side_car:
            if self._side_car_rests(now_s, settle_s):
                self.unrest_since_s = now_s
            self.side_car, self.side_car_since_s = side_car, now_s
            self.pending |= image.size_bytes > 0

    def is_due(self, path: Path, now_s: float, settle_s: float) -> bool:
        """Whether it is to be given now; JSON that goes on changing is told."""
        if not self.pending or now_s - self.image_since_s < settle_s:
            return False
        if self._side_car_rests(now_s, settle_s):
            self.told = False
        elif now_s - self.unrest_since_s < settle_s + MAX_SIDE_CAR_WAIT_S:
            return False
        else:
            if not self.told:
                log.warning(_GOES_ON_CHANGING, path, MAX_SIDE_CAR_WAIT_S)
            self.told = True
            if self.given:
                return False
        self.pending, self.given = False, True
        return True

    @property
    def settles(self) -> bool:
        """Whether something is awaited."""
        return self.pending and not self.told

    def _side_car_rests(self, now_s: float, settle_s: float) -> bool:
        return self.side_car is None or now_s - self.side_car_since_s >= settle_s


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

    JSON beside a file (`side_cars`) rests as well before the file is given, so that what comes
    within `settle_s` of it is waited for; JSON that goes on changing holds it up for
    `MAX_SIDE_CAR_WAIT_S` at most. When it comes or changes later, the file is given again.

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
        if complete or any(each.settles for each in seen.values()):
            active_s = now_s
        if idle_timeout_s is not None and now_s - active_s >= idle_timeout_s:
            return
        await asyncio.sleep(interval_s)


def _look(folder: Path, seen: dict[Path, _Seen], settle_s: float) -> list[Path]:
    """Note what is there now; returns what has become complete, or has other metadata."""
    now_s = time.monotonic()
    images, documents = _states(folder)
    for path in seen.keys() - images.keys():
        del seen[path]
    complete = []
    for path, image in images.items():
        side_car = next((documents[each] for each in side_cars(path) if each in documents), None)
        known = seen.get(path)
        if known is None:
            known = seen[path] = _Seen(image, now_s, side_car, now_s, now_s)
        known.note(image, side_car, now_s, settle_s)
        if known.is_due(path, now_s, settle_s):
            if image.size_bytes:
                complete.append(path)
            else:
                log.warning("%s is empty: it is sent once it has bytes", path)
    return complete


def _states(folder: Path) -> tuple[dict[Path, FileState], dict[Path, FileState]]:
    """Images that are there, and JSON."""
    images: dict[Path, FileState] = {}
    documents: dict[Path, FileState] = {}
    for path in files_in(folder, with_json=True):
        state = file_state(path)
        if state is not None:
            (documents if is_json(path) else images)[path] = state
        if max(len(images), len(documents)) > MAX_FILES:
            msg = f"{folder} holds more than {MAX_FILES:,} files: move away those that were sent"
            raise InputError(msg)
    return images, documents
