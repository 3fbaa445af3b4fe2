"""What memory costs that nobody used lately, against memory that was in use a moment ago.

A virtual machine may give what is free back to its host, which has to find it again page by page.
Whatever writes to new memory then depends on what was freed just before: the page cache of a
broker's log, and buffers that a process does not keep.
"""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import psutil

__all__ = ["NewMemory", "measure_new_memory", "new_memory_note"]

PROBE_BYTES: Final = 256_000_000
"""Touched for a moment; less where less is available."""
SHARE_OF_AVAILABLE: Final = 0.1
NOTED_RATIO: Final = 3.0
"""A process clears any page that is new to it; from here on it is more than that."""


@dataclass(frozen=True, slots=True)
class NewMemory:
    """Milliseconds per MB to touch memory for the first time."""

    unused: float
    """That nobody used lately."""
    used: float
    """That was freed a moment ago."""


def measure_new_memory() -> NewMemory:
    """Take memory, free it, and take it again."""
    available = int(psutil.virtual_memory().available * SHARE_OF_AVAILABLE)
    size_bytes = max(mmap.PAGESIZE, min(PROBE_BYTES, available))
    unused, used = _touch_ms(size_bytes), _touch_ms(size_bytes)
    return NewMemory(unused * 1e6 / size_bytes, used * 1e6 / size_bytes)


def new_memory_note(cost: NewMemory) -> str | None:
    """Say when the one costs much more than the other, for readers of the results."""
    if cost.unused <= NOTED_RATIO * cost.used:
        return None
    return (
        f"Memory that was not in use costs {cost.unused:.2f} ms a MB here, and {cost.used:.2f} ms "
        "where it was freed a moment ago, as in virtual machines whose host takes back what is "
        "free: times of what writes to the page cache, as a broker's log, vary with that."
    )


def _touch_ms(size_bytes: int) -> float:
    started = time.perf_counter()
    with mmap.mmap(-1, size_bytes) as memory:
        np.frombuffer(memory, np.uint8)[:: mmap.PAGESIZE] = 1
        return (time.perf_counter() - started) * 1e3
