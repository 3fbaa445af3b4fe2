"""How small records go out: checked, encoded, each kind by a lane of its own."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from wildfire_bench.errors import DeliveryFailed, NotRunning, RecordInvalid
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.sending_tally import LaneFigures, SendingTally
from wildfire_bench.streaming.records.record_envelope import encode_record
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS, lane_compression, lane_type
from wildfire_bench.streaming.records.record_schema import check_record
from wildfire_bench.streaming.sending.lane import ProducerLane, Record
from wildfire_bench.streaming.sending.limits import require_topics
from wildfire_bench.streaming.topics import topic_names

__all__ = ["RecordSender", "RecordsReceipt", "SmallRecord", "SourceOf"]

SmallRecord: TypeAlias = Mapping[str, Any]
SourceOf: TypeAlias = str | Callable[[SmallRecord], str]
"""Source of many records: one for all, or told from each."""

MAX_UNACKNOWLEDGED = 10_000
"""Records of one `send_many` that are under way at a time; each costs about a kilobyte of memory
beside its value."""


@dataclass(frozen=True, slots=True)
class RecordsReceipt:
    """What became of many records; exists only after all in-sync replicas acknowledged them all."""

    data_type: DataType
    topic: str
    records: int
    value_bytes: int
    """JSON, before the client compressed it."""
    offsets: Mapping[int, tuple[int, int]]
    """First and last offset by partition."""
    seconds: float


class RecordSender:
    """Sends small records from one event loop.

    Parameters
    ----------
    settings
        Brokers, matrix and limits.
    tally
        Where to count what was sent; None for one of its own.
    client_options
        librdkafka's own options for every lane, put over what the settings say.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tally: SendingTally | None = None,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = settings
        self._tally = SendingTally() if tally is None else tally
        self._topics = topic_names(settings).lanes
        self._client_options = dict(client_options or {})
        self._lanes: dict[DataType, ProducerLane] = {}
        self._opening = asyncio.Lock()
        self._stopped = False

    async def prepare(self, *data_types: DataType | str) -> None:
        """Open lanes now, so that the first record need not wait for it.

        Raises
        ------
        InputError
            If a data type is unknown.
        BrokerUnavailable, TopicMissing
            If there is no answer, or no such topic.
        """
        for data_type in [lane_type(each) for each in data_types]:
            await self._open(data_type)

    async def send(
        self,
        record: SmallRecord,
        data_type: DataType | str,
        source_id: str,
        timestamp: str | datetime | None,
    ) -> RecordPlace:
        """Send one record; returns once all in-sync replicas have it."""
        with self._tally.counting_record_failures():
            lane_of = lane_type(data_type)
            self._check(lane_of, record)
            encoded = self._encode(lane_of, record, source_id, timestamp)
            lane = await self._open(lane_of)
            try:
                place = await (await lane.produce(encoded))
            except DeliveryFailed as error:
                raise _may_double(error) from error
        self._tally.records_sent(lane_of, place.topic, 1, memoryview(encoded.value).nbytes)
        return place

    async def send_many(
        self, records: Iterable[SmallRecord], data_type: DataType | str, source_id: SourceOf
    ) -> RecordsReceipt:
        """Send many records; returns once all in-sync replicas have them all."""
        started = time.perf_counter()
        progress = _Progress()
        with self._tally.counting_record_failures():
            lane_of = lane_type(data_type)
            try:
                await self._send_each(records, lane_of, source_id, progress)
            finally:
                sent, sent_bytes = progress.acknowledged, progress.acknowledged_bytes
                self._tally.records_sent(lane_of, self._topics[lane_of], sent, sent_bytes)
        return RecordsReceipt(
            data_type=lane_of,
            topic=self._topics[lane_of],
            records=progress.acknowledged,
            value_bytes=progress.acknowledged_bytes,
            offsets=progress.offsets,
            seconds=time.perf_counter() - started,
        )

    def lane_figures(self) -> tuple[LaneFigures, ...]:
        """How each lane is; from any thread."""
        return tuple(lane.figures() for lane in tuple(self._lanes.values()))

    async def stop(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for what is in flight, then close; names what was not acknowledged in time."""
        self._stopped = True
        lanes = list(self._lanes.values())
        self._lanes.clear()
        unsent = await asyncio.gather(*(lane.stop(timeout_s) for lane in lanes))
        return tuple(subject for subjects in unsent for subject in subjects)

    async def _send_each(
        self,
        records: Iterable[SmallRecord],
        lane_of: DataType,
        source_id: SourceOf,
        progress: _Progress,
    ) -> None:
        if isinstance(records, Sequence):
            for index, record in enumerate(records):  # refused before any is sent
                self._check(lane_of, record, index)
        lane = await self._open(lane_of)
        for index, record in enumerate(records):
            if not isinstance(records, Sequence):
                self._check(lane_of, record, index)
            source = source_id if isinstance(source_id, str) else source_id(record)
            encoded = self._encode(lane_of, record, source, None, index)
            size = memoryview(encoded.value).nbytes
            progress.under_way.append((await lane.produce(encoded), size))
            if len(progress.under_way) >= MAX_UNACKNOWLEDGED:
                await progress.settle_one()
        while progress.under_way:
            await progress.settle_one()

    def _check(self, data_type: DataType, record: SmallRecord, index: int | None = None) -> None:
        if not self._settings.kafka_producer.validate_records:
            return
        try:
            check_record(data_type, record)
        except RecordInvalid as error:
            raise _numbered(error, index) from None

    def _encode(
        self,
        data_type: DataType,
        record: SmallRecord,
        source_id: str,
        timestamp: str | datetime | None,
        index: int | None = None,
    ) -> Record:
        try:
            encoded = encode_record(data_type, record, source_id, timestamp)
        except RecordInvalid as error:
            raise _numbered(error, index) from None
        subject = f"{data_type} record" if index is None else f"{data_type} record {index}"
        return Record(self._topics[data_type], encoded.key, encoded.value, encoded.headers, subject)

    async def _open(self, data_type: DataType) -> ProducerLane:
        """The lane of a data type, connected; one that librdkafka gave up is replaced."""
        lane = self._lanes.get(data_type)
        if lane is not None and not lane.broken:
            return lane
        async with self._opening:
            lane = self._lanes.get(data_type)
            if lane is None or lane.broken:
                if lane is not None:
                    await lane.stop(0)
                lane = self._lanes[data_type] = await self._connected(data_type)
        return lane

    async def _connected(self, data_type: DataType) -> ProducerLane:
        """Make a lane; a missing topic is an error in words and not a time-out."""
        topics = [self._topics[data_type]]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, partial(require_topics, self._settings, write=topics))
        plan = LANE_PLANS[data_type]
        limits = self._settings.kafka_producer.model_copy(
            update={"max_in_flight_bytes": plan.window_bytes}
        )
        options = {"batch.size": plan.batch_bytes, "socket.nagle.disable": True}
        lane = ProducerLane(
            self._settings.kafka,
            limits,
            compression=lane_compression(data_type, self._settings),
            linger_ms=plan.linger_ms,
            name=data_type.value,
            extra={**options, **self._client_options},
        )
        try:
            await lane.connect(self._settings.kafka.connect_timeout_s)
            if self._stopped:
                msg = "the producer was stopped while it opened a lane: call start() first"
                raise NotRunning(msg)
        except BaseException:
            await lane.stop(0)
            raise
        return lane


class _Progress:
    """Acknowledgements of one `send_many`, in the order of sending."""

    def __init__(self) -> None:
        self.under_way: deque[tuple[asyncio.Future[RecordPlace], int]] = deque()
        self.acknowledged = 0
        self.acknowledged_bytes = 0
        self.offsets: dict[int, tuple[int, int]] = {}

    async def settle_one(self) -> None:
        future, value_bytes = self.under_way.popleft()
        try:
            place = await future
        except DeliveryFailed as error:
            done = f"the {self.acknowledged:,} records before it are acknowledged"
            raise _may_double(error, done) from error
        self.acknowledged += 1
        self.acknowledged_bytes += value_bytes
        first, last = self.offsets.get(place.partition, (place.offset, place.offset))
        self.offsets[place.partition] = (min(first, place.offset), max(last, place.offset))


def _may_double(error: DeliveryFailed, more: str = "") -> DeliveryFailed:
    """Say what a resend means here: unlike images, records are not told apart by the receiver."""
    text = f"{error} (a receiver may then see it twice, with the same event id)"
    return type(error)(f"{text}; {more}" if more else text, safe_to_resend=False)


def _numbered(error: RecordInvalid, index: int | None) -> RecordInvalid:
    """Name the record as well as the field."""
    return error if index is None else RecordInvalid(f"record {index}: {error}")
