"""Memory for images that are being put together: a budget, and spill files past it."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import threading
from pathlib import Path

from wildfire_bench.streaming.recycled_memory import RecycledMemory

__all__ = ["BufferBudget", "ImageBuffer"]


class ImageBuffer:
    """Writable bytes of one image, in memory or in a spill file.

    Attributes
    ----------
    view
        The bytes; stays valid after `release`, which only returns them to the budget.
    size_bytes
        Its length.
    spilled
        True when it lies in a file.
    """

    __slots__ = ("_budget", "size_bytes", "spilled", "view")

    def __init__(self, view: memoryview, budget: BufferBudget, *, spilled: bool) -> None:
        self.view = view
        self.size_bytes = view.nbytes
        self.spilled = spilled
        self._budget: BufferBudget | None = budget

    def release(self) -> None:
        """Give the bytes back to the budget; further calls do nothing."""
        budget, self._budget = self._budget, None
        if budget is not None:
            budget.give_back(self.size_bytes, spilled=self.spilled)


class BufferBudget:
    """Hands out image buffers within two limits; safe to share between threads.

    Parameters
    ----------
    memory_bytes
        Held in memory at most.
    spill_bytes
        Held in spill files at most.
    spill_dir
        Where these lie; None for the system's temporary folder. A file is unlinked as soon as it
        is mapped (where the system allows that), so that nothing is left after a crash.
    """

    def __init__(self, memory_bytes: int, spill_bytes: int, spill_dir: Path | None = None) -> None:
        self._memory_limit, self._spill_limit = memory_bytes, spill_bytes
        self._dir = spill_dir
        self._lock = threading.Lock()
        self.memory = RecycledMemory()
        self.memory_bytes = 0
        self.spilled_bytes = 0

    def allocate(self, size_bytes: int) -> ImageBuffer | None:
        """Make room for an image.

        Returns
        -------
        ImageBuffer or None
            None when neither memory nor disk has room within the limits.
        """
        with self._lock:
            in_memory = self.memory_bytes + size_bytes <= self._memory_limit
            if in_memory:
                self.memory_bytes += size_bytes
            elif self.spilled_bytes + size_bytes <= self._spill_limit:
                self.spilled_bytes += size_bytes
            else:
                return None
        if in_memory:
            view = self.memory.take(size_bytes)
            self.memory.trim(self._memory_limit - self.memory_bytes)
            return ImageBuffer(view, self, spilled=False)
        try:
            view = _map_spill_file(size_bytes, self._dir)
        except OSError:
            self.give_back(size_bytes, spilled=True)
            return None
        return ImageBuffer(view, self, spilled=True)

    def could_hold(self, size_bytes: int) -> bool:
        """Whether an image of this size fits when nothing else is held."""
        return size_bytes <= max(self._memory_limit, self._spill_limit)

    def give_back(self, size_bytes: int, *, spilled: bool) -> None:
        """Account for bytes that are no longer used."""
        with self._lock:
            if spilled:
                self.spilled_bytes -= size_bytes
            else:
                self.memory_bytes -= size_bytes


def _map_spill_file(size_bytes: int, folder: Path | None) -> memoryview:
    """Map a file whose blocks are reserved: writing to a mapped hole on a full disk is a crash."""
    with tempfile.TemporaryFile(prefix="wildfire-bench-spill-", dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size_bytes)
        else:
            if shutil.disk_usage(folder or tempfile.gettempdir()).free < size_bytes:
                raise OSError("disk is full")
            file.truncate(size_bytes)
        return memoryview(mmap.mmap(file.fileno(), size_bytes))
