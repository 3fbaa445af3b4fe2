"""What was sent and acknowledged, in a file, so that a later run sends only what is new."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from wildfire_bench.errors import InputError, StateFileInUse
from wildfire_bench.streaming.files.sent_files import Acknowledged, SentFile, SentFiles
from wildfire_bench.streaming.files.whole_file import write_whole

__all__ = ["MAX_JOURNAL_BYTES", "SentJournal"]

FORMAT_VERSION: Final = 1
MAX_JOURNAL_BYTES: Final = 256_000_000
"""Largest journal that is read: about half a million files."""
_COMPACT_FACTOR: Final = 2


class SentJournal(SentFiles):
    """A file of JSON lines, one for each acknowledged file; a context manager.

    A line is on disk before `add` returns. One that a crash cut short is dropped: its image is
    sent again, under the same id. This, and dropping lines that later ones replace, happens in one
    atomic step when the journal is opened.

    The file belongs to one journal at a time, of whichever process: opening it could drop the lines
    of another one. The system holds the lock, on ``.NAME.lock`` beside it, and lets go of it when
    the process ends, in whichever way; that empty file may stay.

    Parameters
    ----------
    path
        Made when missing.

    Raises
    ------
    StateFileInUse
        If another process has it.
    InputError
        If it cannot be read or written, is another kind of file, or too large.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._place = path.resolve()  # a link to it is the same journal, and stays a link
        self._adding = threading.Lock()
        self._owned = self._own()
        try:
            lines, torn = self._read()
            self._sent = {each.file.place: each for each in lines}
            if torn or len(lines) > _COMPACT_FACTOR * len(self._sent):
                self._rewrite()
            self._file = self._place.open("ab")
        except OSError as error:
            self._owned.release()
            raise self._unusable(error.strerror or str(error)) from error
        except BaseException:
            self._owned.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._owned.release()

    def add(self, sent: Acknowledged) -> None:
        """Note an acknowledged file; from any thread.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        with self._adding:
            self._sent[sent.file.place] = sent
            try:
                self._file.write(_line(sent))
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._unusable(error.strerror or str(error)) from error

    def _own(self) -> FileLock:
        place = self._place
        if not place.parent.is_dir():  # the lock would make it
            raise self._unusable(f"folder {place.parent} does not exist")
        lock = FileLock(place.with_name(f".{place.name}.lock"), blocking=False, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            msg = (
                f"state file {self.path} is in use by another process that sends: wait until that "
                "has ended, or name another state file"
            )
            raise StateFileInUse(msg) from None
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        return lock

    def _read(self) -> tuple[list[Acknowledged], bool]:
        """Its lines, and whether the last one was cut short."""
        try:
            if self._place.stat().st_size > MAX_JOURNAL_BYTES:
                raise self._unusable(f"it is above {MAX_JOURNAL_BYTES:,} bytes")
            *lines, torn = self._place.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], False
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        found = [_parse(line) for line in lines]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            raise self._unusable("it holds something else; name another one")
        return known, bool(torn)

    def _rewrite(self) -> None:
        write_whole(self._place, b"".join(_line(each) for each in self._sent.values()))

    def _unusable(self, why: str) -> InputError:
        return InputError(f"state file {self.path} cannot be used: {why}")


def _line(sent: Acknowledged) -> bytes:
    document = {"version": FORMAT_VERSION, "image_id": sent.image_id, **asdict(sent.file)}
    if sent.token is not None:
        document["token"] = sent.token
    return json.dumps(document).encode() + b"\n"


def _parse(line: bytes) -> Acknowledged | None:
    try:
        document = json.loads(line)
        if document.pop("version") != FORMAT_VERSION:
            return None
        image_id, token = str(document.pop("image_id")), document.pop("token", None)
        found = Acknowledged(SentFile(**document), image_id, None if token is None else str(token))
        hash(found)  # refuses what is no text or number
        return found
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
