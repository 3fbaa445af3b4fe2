"""What of a partition is done: the safe offset, and which images were delivered beyond it.

The committed offset is the smallest offset of any record that is still needed; its commit metadata
names the images beyond (and shortly before) it that were acknowledged, so that they do not come
again after a restart, and those that were in the caller's hands, so that they come marked.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import xxhash

__all__ = ["DELIVERED_CAPACITY", "HANDED_CAPACITY", "CommitNote", "PartitionLedger", "fingerprint"]

DELIVERED_CAPACITY = 256
"""Images acknowledged past the safe offset of a partition before its others have to wait."""
NOTE_CAPACITY = 300
"""Acknowledged images that a note names; the rest are those last in hand when fetching waited."""
HANDED_CAPACITY = 32
"""Images of one partition that may be in the caller's hands."""
MAX_NOTE_CHARS = 3_500
"""Of the 4,096 that a broker takes by default (``offset.metadata.max.bytes``)."""

_PREFIX = "wf1:"
_HEAD = struct.Struct("<QHHH")


def fingerprint(image_id: str, replay: str | None = None) -> int:
    """Eight bytes that stand for one delivery of an image."""
    return xxhash.xxh3_64_intdigest(f"{image_id}\0{replay or ''}".encode())


@dataclass(frozen=True, slots=True)
class CommitNote:
    """The commit metadata of one partition; images are named by their fingerprints."""

    position: int = 0
    """Offset up to which the partition was read when this was written."""
    behind: tuple[int, ...] = ()
    """Acknowledged, before the safe offset, oldest first: these come again only as resends."""
    ahead: tuple[int, ...] = ()
    """Acknowledged, past the safe offset: these will be read again."""
    handed: tuple[int, ...] = ()
    """In the caller's hands."""

    def encode(self) -> str:
        """As a string of at most `MAX_NOTE_CHARS`; the oldest are left out first."""
        ahead = self.ahead[-NOTE_CAPACITY:]
        room = NOTE_CAPACITY - len(ahead)
        behind = self.behind[-room:] if room else ()
        handed = self.handed[:HANDED_CAPACITY]
        marks = (*behind, *ahead, *handed)
        packed = _HEAD.pack(self.position, len(behind), len(ahead), len(handed))
        packed += struct.pack(f"<{len(marks)}Q", *marks)
        return _PREFIX + base64.b85encode(packed).decode("ascii")

    @classmethod
    def decode(cls, text: str | None) -> CommitNote:
        """Read a note; one that is not ours (another tool reset the group) counts as empty."""
        if not text or not text.startswith(_PREFIX) or len(text) > MAX_NOTE_CHARS:
            return cls()
        try:
            packed = base64.b85decode(text[len(_PREFIX) :])
            position, behind, ahead, handed = _HEAD.unpack_from(packed)
            marks = struct.unpack_from(f"<{behind + ahead + handed}Q", packed, _HEAD.size)
        except (ValueError, struct.error):
            return cls()
        return cls(
            position, marks[:behind], marks[behind : behind + ahead], marks[behind + ahead :]
        )


class PartitionLedger:
    """Offsets of one partition.

    Parameters
    ----------
    position
        Offset of the first record that will be read; -1 while the broker decides.
    note
        What the committed metadata said.
    """

    def __init__(self, position: int, note: CommitNote) -> None:
        self.position = position
        """Offset after the last record that was read."""
        self._held: dict[Hashable, int] = {}
        self._reread_until = note.position
        self._delivered: dict[int, int] = {
            **dict.fromkeys(note.behind, -1),
            **dict.fromkeys(note.ahead, note.position),  # anywhere up to there
        }
        self._handed_before = frozenset(note.handed)
        self._handed: dict[int, None] = {}

    @property
    def safe_offset(self) -> int:
        """Smallest offset that is still needed: what may be committed."""
        return min((*self._held.values(), self.position))

    @property
    def full(self) -> bool:
        """Whether so much was delivered past the safe offset that no more can be remembered."""
        if len(self._delivered) < DELIVERED_CAPACITY:
            return False
        safe = self.safe_offset
        return sum(offset >= safe for offset in self._delivered.values()) >= DELIVERED_CAPACITY

    def must_wait(self, token: Hashable) -> bool:
        """Whether an image may not be handed over yet: its delivery could not be remembered.

        The one that the safe offset waits for never has to: it is what makes room.
        """
        return self.full and self._held.get(token) != self.safe_offset

    def read(self, offset: int) -> None:
        """Note that a record was read.

        An offset below the position means that the partition begins anew (its topic was made
        again): a position left where it was would be committed past records yet to come.
        """
        self.position = offset + 1

    def hold(self, token: Hashable, offset: int) -> None:
        """Keep the safe offset at or below `offset` until `release`; the first offset counts."""
        self._held.setdefault(token, offset)

    def release(self, token: Hashable) -> None:
        """What `token` held is no longer needed."""
        self._held.pop(token, None)

    def hand_over(self, mark: int) -> None:
        """Note that an image goes into the caller's hands."""
        self._handed[mark] = None

    def deliver(self, mark: int, token: Hashable, last_offset: int | None = None) -> None:
        """Note that an image is done, and release what it held.

        `last_offset` is that of its last record: until the safe offset is past that, some of them
        would be read again. None means that it has one record.
        """
        offset = self._held.get(token, self.position) if last_offset is None else last_offset
        self._handed.pop(mark, None)
        self._delivered.pop(mark, None)
        self._delivered[mark] = offset
        self.release(token)
        self._forget_old()

    def take_back(self, marks: Iterable[int]) -> None:
        """Images that were to be handed over and were not."""
        for mark in marks:
            self._handed.pop(mark, None)

    def was_delivered(self, mark: int, offset: int) -> bool:
        """Whether the image of a record was acknowledged before, as far as is remembered."""
        if mark not in self._delivered:
            return False
        known = self._delivered[mark]
        if known == self._reread_until or known < offset:
            self._delivered[mark] = offset  # now it is known where it lies
        return True

    def was_handed(self, mark: int) -> bool:
        """Whether an image was in somebody's hands when this partition was last given up."""
        return mark in self._handed_before

    def note(self) -> CommitNote:
        """What to commit beside the safe offset."""
        safe = self.safe_offset
        return CommitNote(
            position=self.position,
            behind=tuple(mark for mark, offset in self._delivered.items() if offset < safe),
            ahead=tuple(mark for mark, offset in self._delivered.items() if offset >= safe),
            handed=tuple(self._handed),
        )

    def _forget_old(self) -> None:
        """Drop the oldest that lie before the safe offset and so cannot be read again."""
        excess = len(self._delivered) - DELIVERED_CAPACITY
        if excess > 0:
            safe = self.safe_offset
            old = [mark for mark, offset in self._delivered.items() if offset < safe]
            for mark in old[:excess]:
                del self._delivered[mark]
