"""What a producer has sent: images by the way they went, small records by their lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import Receipt, Route
from wildfire_bench.streaming.observation.durations import DurationCounts, StageDurations
from wildfire_bench.streaming.observation.snapshots import error_name

__all__ = ["LaneFigures", "SendingSnapshot", "SendingTally", "SentImages", "SentRecords"]

STAGES = ("identify", "encode", "send", "catalogue", "total")
"""Of `Receipt.seconds`."""


@dataclass(frozen=True, slots=True)
class SentImages:
    """Images that went the same way, all acknowledged."""

    route: Route
    codec: str
    topic: str
    """Of the payload; of the catalogue entry where that lies in S3."""
    images: int
    raw_bytes: int
    encoded_bytes: int
    wire_bytes: int
    """With headers, keys and record overhead, the catalogue entry included."""


@dataclass(frozen=True, slots=True)
class SentRecords:
    """Small records of one lane, all acknowledged."""

    data_type: DataType
    topic: str
    records: int
    value_bytes: int
    """JSON, before the client compressed it."""


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """One librdkafka producer."""

    lane: str
    """``images-`` and the compression of its batches, or the data type of small records."""
    queued_records: int
    """Records that the client holds: not yet sent, or not yet acknowledged."""
    in_flight_bytes: int
    transmitted_bytes: int | None
    """On the wire, as librdkafka counted at its last report; None while it gives none."""


@dataclass(frozen=True, slots=True)
class SendingSnapshot:
    """A producer."""

    section: ClassVar[str] = "sending"

    images: tuple[SentImages, ...]
    image_failures: Mapping[str, int]
    """Sends that raised, by error."""
    image_seconds: Mapping[str, DurationCounts]
    """By stage."""
    records: tuple[SentRecords, ...]
    record_failures: Mapping[str, int]
    lanes: tuple[LaneFigures, ...]


@dataclass(slots=True)
class _Sums:
    items: int = 0
    raw_bytes: int = 0
    encoded_bytes: int = 0
    wire_bytes: int = 0


class SendingTally:
    """Counts in the producer's event loop."""

    def __init__(self) -> None:
        self._images: dict[tuple[Route, str, str], _Sums] = {}
        self._records: dict[tuple[DataType, str], _Sums] = {}
        self._seconds = StageDurations(*STAGES)
        self._image_failures: Counter[str] = Counter()
        self._record_failures: Counter[str] = Counter()

    def image_sent(self, receipt: Receipt) -> None:
        """Count an image that was acknowledged."""
        place = receipt.places[0] if receipt.places else receipt.item_place
        topic = "" if place is None else place.topic
        sums = self._images.setdefault((receipt.route, receipt.codec, topic), _Sums())
        sums.items += 1
        sums.raw_bytes += receipt.raw_bytes
        sums.encoded_bytes += receipt.encoded_bytes
        sums.wire_bytes += receipt.wire_bytes
        for stage, seconds in receipt.seconds.items():
            self._seconds.note(stage, seconds)

    @contextmanager
    def counting_image_failures(self) -> Iterator[None]:
        """Count a send that raises. A cancelled one is no failure."""
        try:
            yield
        except Exception as error:
            self._image_failures[error_name(error)] += 1
            raise

    def records_sent(self, data_type: DataType, topic: str, records: int, value_bytes: int) -> None:
        """Count small records that were acknowledged."""
        sums = self._records.setdefault((data_type, topic), _Sums())
        sums.items += records
        sums.raw_bytes += value_bytes

    @contextmanager
    def counting_record_failures(self) -> Iterator[None]:
        """Count a send of one or of many records that raises."""
        try:
            yield
        except Exception as error:
            self._record_failures[error_name(error)] += 1
            raise

    def snapshot(self, lanes: tuple[LaneFigures, ...]) -> SendingSnapshot:
        """All of it, beside how the lanes are now; from any thread."""
        images = tuple(self._images.items())
        records = tuple(self._records.items())
        return SendingSnapshot(
            images=tuple(
                SentImages(*way, sums.items, sums.raw_bytes, sums.encoded_bytes, sums.wire_bytes)
                for way, sums in images
            ),
            image_failures=dict(self._image_failures),
            image_seconds=self._seconds.counts(),
            records=tuple(SentRecords(*lane, sums.items, sums.raw_bytes) for lane, sums in records),
            record_failures=dict(self._record_failures),
            lanes=lanes,
        )
