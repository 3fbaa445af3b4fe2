"""What a consumer has received, and how its partitions stand."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.durations import (
    DurationCounts,
    Durations,
    StageDurations,
)

__all__ = [
    "DeadLetterSnapshot",
    "PartitionFigures",
    "PartitionsSnapshot",
    "ReassemblySnapshot",
    "ReceivedImages",
    "ReceivedRecords",
    "ReceivingSnapshot",
    "ReceivingTally",
    "RecordReceivingSnapshot",
]

STAGES = ("decode", "assemble", "download", "hand_over")
"""Of `SatelliteImage.seconds`."""


@dataclass(frozen=True, slots=True)
class ReceivedImages:
    """Images that came the same way, all verified and handed over."""

    route: Route
    codec: str
    images: int
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class ReceivingSnapshot:
    """A consumer of images."""

    section: ClassVar[str] = "receiving"

    group_id: str
    joined: bool
    """Whether the group has given it its partitions, be it none."""
    images: tuple[ReceivedImages, ...]
    redelivered: int
    """Of these, marked as perhaps handed over before."""
    duplicates: int
    """Records of images that were here already."""
    records: int
    """Records read, of every kind."""
    record_bytes: int
    """Their values: what was fetched."""
    seconds: Mapping[str, DurationCounts]
    """By stage."""
    latency: DurationCounts
    """From the time stamp of an image's first record to its hand-over; two machines' clocks."""
    waiting_images: int
    """Completed, and waiting for the caller."""
    in_hand_images: int
    """With the caller, not acknowledged."""


@dataclass(frozen=True, slots=True)
class ReassemblySnapshot:
    """Images that are being put together from chunks."""

    section: ClassVar[str] = "reassembly"

    group_id: str
    in_flight: int
    held_bytes: int
    """In memory; completed images that wait count too."""
    spilled_bytes: int
    oldest_age_s: float
    completed: int
    """Images put together since the start."""
    failed: Mapping[str, int]
    """Images given up since the start, by error."""


@dataclass(frozen=True, slots=True)
class DeadLetterSnapshot:
    """What a consumer could not hand over."""

    section: ClassVar[str] = "dead_letters"

    group_id: str
    written: Mapping[str, int]
    """Acknowledged by the brokers, by error."""
    unwritten: int
    """Under way: their records stay uncommitted."""


@dataclass(frozen=True, slots=True)
class PartitionFigures:
    """One assigned partition."""

    topic: str
    partition: int
    position: int
    """Offset after the last record read; -1 while the broker decides where to begin."""
    safe_offset: int
    """Smallest offset still needed: what may be committed."""
    end_offset: int | None
    """Offset after the last record there is, as told with the last fetch; None until then."""

    @property
    def unsafe_records(self) -> int:
        """Read, and not safe yet: these come again after a crash."""
        return max(0, self.position - self.safe_offset)

    @property
    def lag_records(self) -> int | None:
        """From the safe offset to the end; None while either is unknown."""
        if self.end_offset is None or self.safe_offset < 0:
            return None
        return max(0, self.end_offset - self.safe_offset)


@dataclass(frozen=True, slots=True)
class PartitionsSnapshot:
    """The partitions of a consumer."""

    section: ClassVar[str] = "partitions"

    group_id: str
    partitions: tuple[PartitionFigures, ...]


@dataclass(frozen=True, slots=True)
class ReceivedRecords:
    """Small records of one lane, verified."""

    data_type: DataType
    records: int
    value_bytes: int
    """JSON, as decompressed by the client."""


@dataclass(frozen=True, slots=True)
class RecordReceivingSnapshot:
    """A consumer of small records."""

    section: ClassVar[str] = "record_receiving"

    group_id: str
    joined: bool
    records: tuple[ReceivedRecords, ...]
    outstanding_batches: int
    """Handed over, not acknowledged."""


class ReceivingTally:
    """Counts in the thread of a consumer of images."""

    def __init__(self) -> None:
        self._images: dict[tuple[Route, str], list[int]] = {}
        self._seconds = StageDurations(*STAGES)
        self._latency = Durations()
        self.redelivered = 0
        self.records = 0
        self.record_bytes = 0
        self.reassembled = 0
        self.reassembly_failures: Counter[str] = Counter()

    def handed_over(
        self,
        route: Route,
        codec: str,
        size_bytes: int,
        seconds: Mapping[str, float],
        *,
        written_ms: float | None,
        redelivered: bool,
    ) -> None:
        """Count an image that goes into the caller's hands."""
        self.redelivered += redelivered
        sums = self._images.setdefault((route, codec), [0, 0])
        sums[0] += 1
        sums[1] += size_bytes
        for stage, taken_s in seconds.items():
            self._seconds.note(stage, taken_s)
        if written_ms is not None:
            self._latency.note(time.time() - written_ms / 1000)

    def in_hands(self, hand_over_s: float) -> None:
        """Count the last stage of an image; called in the event loop, which alone knows it."""
        self._seconds.note("hand_over", hand_over_s)

    def images(self) -> tuple[ReceivedImages, ...]:
        """By the way they came; from any thread."""
        return tuple(ReceivedImages(*way, *sums) for way, sums in tuple(self._images.items()))

    def seconds(self) -> dict[str, DurationCounts]:
        """By stage; from any thread."""
        return self._seconds.counts()

    def latency(self) -> DurationCounts:
        """From time stamp to hand-over; from any thread."""
        return self._latency.counts()
