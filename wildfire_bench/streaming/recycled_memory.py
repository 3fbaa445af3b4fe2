"""Large memory that nobody holds any more, for the next image or block.

Memory that is new to a process is given to it page by page, each cleared first, when it is written
to: for an image of 30 MB that takes longer than to decode it. An allocator that returns large
blocks to the system at once, as the C library's does, pays that for every image.
"""

from __future__ import annotations

import contextlib
import mmap
import threading
import weakref
from typing import Any, Final

import numpy as np

from wildfire_bench.compression.codec import Buffer

__all__ = ["SPARE_BYTES", "FrozenMemory", "RecycledMemory"]

SPARE_BYTES: Final = 128_000_000
"""Memory that is kept for later images at most."""
SMALLEST_BYTES: Final = 1_000_000
"""What is smaller is left to the allocator, which keeps that by itself."""
_STEP_BYTES: Final = 1 << 20
"""Blocks are multiples of this, so that one serves for much the same size."""
_LARGEST_WASTE: Final = 2
"""A spare block serves for what is no less than so many times smaller."""


class FrozenMemory(np.ndarray[Any, Any]):
    """What a view of recycled memory says it is of, where nobody changes it any more."""


class RecycledMemory:
    """Gives out memory, and takes it back when the last view of it is gone; thread-safe.

    Parameters
    ----------
    spare_bytes
        Kept at most; 0 keeps nothing.
    """

    def __init__(self, spare_bytes: int = SPARE_BYTES) -> None:
        self._limit = spare_bytes
        self._spare: list[mmap.mmap] = []
        # Re-entrant: a collection of garbage may end a view in this very thread.
        self._lock = threading.RLock()

    @property
    def spare_bytes(self) -> int:
        """Memory that waits for the next image."""
        with self._lock:
            return sum(len(block) for block in self._spare)

    def take(self, size_bytes: int) -> memoryview:
        """Writable memory, with whatever was in it.

        It is given to nobody else as long as there is a view of it, or of a part of it.
        """
        if size_bytes < SMALLEST_BYTES:
            return np.empty(size_bytes, np.uint8).data
        return memoryview(self._lend(size_bytes))

    def keep(self, data: Buffer) -> memoryview:
        """A copy that nobody can change, a view of `FrozenMemory`; what is small stays as it is."""
        view = memoryview(data)
        if view.nbytes < SMALLEST_BYTES:
            return view
        lent = self._lend(view.nbytes)
        lent[:] = np.frombuffer(view, np.uint8)
        lent.flags.writeable = False
        return memoryview(lent.view(FrozenMemory))

    def trim(self, spare_bytes: int) -> None:
        """Give spare memory back to the system until no more than this is kept."""
        with self._lock:
            while self._spare and self.spare_bytes > spare_bytes:
                self._spare.pop(0)

    def _lend(self, size_bytes: int) -> Any:
        block = self._fitting(size_bytes)
        if block is None:
            block = _new_block(-(-size_bytes // _STEP_BYTES) * _STEP_BYTES)
        # Over a map and no array: what NumPy derives from an array of an array refers past it.
        # And a bare array: of a class of Python's, garbage collection would take the memory back
        # while a finaliser of the same cycle may still look at it.
        lent: Any = np.ndarray(size_bytes, np.uint8, buffer=block)
        weakref.finalize(lent, self._take_back, block).atexit = False
        return lent

    def _fitting(self, size_bytes: int) -> mmap.mmap | None:
        with self._lock:
            for index, block in enumerate(self._spare):
                if size_bytes <= len(block) <= max(_LARGEST_WASTE * size_bytes, _STEP_BYTES):
                    return self._spare.pop(index)
        return None

    def _take_back(self, block: mmap.mmap) -> None:
        with self._lock:
            if len(block) <= self._limit:
                self._spare.append(block)
            self.trim(self._limit)


def _new_block(size_bytes: int) -> mmap.mmap:
    block = mmap.mmap(-1, size_bytes)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            block.madvise(mmap.MADV_HUGEPAGE)
    return block
