"""What went to the object store and came from it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from wildfire_bench.streaming.observation.durations import DurationCounts, StageDurations
from wildfire_bench.streaming.observation.snapshots import error_name

__all__ = ["OPERATIONS", "ObjectStoreSnapshot", "Operation", "StoreTally"]

Operation: TypeAlias = Literal["upload", "download"]
OPERATIONS: tuple[Operation, ...] = ("upload", "download")


@dataclass(frozen=True, slots=True)
class ObjectStoreSnapshot:
    """One side's use of the object store; no keys, and no address that may hold some."""

    section: ClassVar[str] = "object_store"

    user: str
    """``producer`` or ``consumer``."""
    bucket: str
    objects: Mapping[str, int]
    """Whole ones, by operation."""
    object_bytes: Mapping[str, int]
    failures: Mapping[str, int]
    """By operation and error: ``upload ObjectStoreUnavailable``."""
    seconds: Mapping[str, DurationCounts]
    """Of what succeeded, by operation."""
    repeated_requests: int
    """Sent again after a broken connection or an answer of 500 and above."""
    orphaned_uploads: int
    """Uploads that could not be removed after a failure: their parts stay and cost space."""


class StoreTally:
    """Counts in the event loop of a handler; repetitions in its threads."""

    def __init__(self) -> None:
        self.objects: Counter[str] = Counter()
        self.object_bytes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.orphaned_uploads = 0
        self._seconds = StageDurations(*OPERATIONS)
        self._repeated = 0
        self._lock = threading.Lock()

    @contextmanager
    def counting(self, operation: Operation) -> Iterator[None]:
        """Count a transfer that succeeds, or how it fails. A cancelled one is neither."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            self.failures[f"{operation} {error_name(error)}"] += 1
            raise
        self.objects[operation] += 1
        self._seconds.note(operation, time.perf_counter() - started)

    def repeated(self, times: int) -> None:
        """Count requests that were sent again; from any thread."""
        if times:
            with self._lock:
                self._repeated += times

    def snapshot(self, user: str, bucket: str) -> ObjectStoreSnapshot:
        """All of it; from any thread."""
        return ObjectStoreSnapshot(
            user=user,
            bucket=bucket,
            objects=dict(self.objects),
            object_bytes=dict(self.object_bytes),
            failures=dict(self.failures),
            seconds=self._seconds.counts(),
            repeated_requests=self._repeated,
            orphaned_uploads=self.orphaned_uploads,
        )
