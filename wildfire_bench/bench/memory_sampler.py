"""Memory of processes while they work: looked at from outside, every few milliseconds."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import psutil

from wildfire_bench.errors import BenchmarkError

__all__ = ["MemoryReader", "MemorySampler", "MemoryUse", "give_memory_back"]

INTERVAL_S: Final = 0.02
END_TIMEOUT_S: Final = 10.0


class MemoryReader(Protocol):
    """A process, or several together."""

    def memory_bytes(self) -> int | None:
        """Memory in use now; None if it cannot be told."""

    def forget_peak(self) -> None:
        """Let the kernel's peak begin anew, where it keeps one."""

    def peak_bytes(self) -> int | None:
        """The kernel's peak since then; None where it keeps none."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Of one reader, while a sampler ran."""

    peak_bytes: int
    """The kernel's where it keeps one, else the largest sample."""
    mean_bytes: int
    """Of all samples."""
    samples: int


def give_memory_back() -> None:
    """Return freed memory of this process to the system, so that a block starts without the last's.

    Only where the C library can (glibc); elsewhere a peak holds what earlier blocks have left.
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


class MemorySampler:
    """Samples while its context lasts; one use.

    Parameters
    ----------
    readers
        By name.
    """

    def __init__(self, readers: Mapping[str, MemoryReader]) -> None:
        self._readers = readers
        self._samples: dict[str, list[int]] = {name: [] for name in readers}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="memory-sampler", daemon=True)
        self._peaks: dict[str, int | None] = {}

    def __enter__(self) -> Self:
        for reader in self._readers.values():
            reader.forget_peak()
        self._look()  # at least one, however short it is
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join(END_TIMEOUT_S)
        self._look()
        self._peaks = {name: reader.peak_bytes() for name, reader in self._readers.items()}

    def samples(self, name: str) -> tuple[int, ...]:
        """All that was seen of a reader so far, in bytes."""
        return tuple(self._samples[name])

    def use(self, name: str) -> MemoryUse | None:
        """What a reader used; None if it could not be told. For after the context."""
        samples = self._samples.get(name)
        if not samples:
            return None
        peak = max(*samples, self._peaks.get(name) or 0)
        return MemoryUse(peak, sum(samples) // len(samples), len(samples))

    def _look_on(self) -> None:
        while not self._end.wait(INTERVAL_S):
            self._look()

    def _look(self) -> None:
        for name, reader in self._readers.items():
            try:
                memory_bytes = reader.memory_bytes()
            except (psutil.Error, BenchmarkError):
                continue  # it ended: whoever waits for its answer tells
            if memory_bytes is not None:
                self._samples[name].append(memory_bytes)
