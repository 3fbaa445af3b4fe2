"""Records by their coordinates, without a consumer group and without reading the topic."""

from __future__ import annotations

import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from wildfire_bench.errors import BrokerUnavailable, CorruptEnvelope, RecordMissing
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.rights import is_denial
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.envelope.header_reader import headers_of
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.receiving.consumer_config import reading_config
from wildfire_bench.streaming.receiving.consumer_errors import read_denied
from wildfire_bench.streaming.sending.limits import require_topics

__all__ = ["StoredRecord", "partition_ends", "read_partition", "read_records", "read_topic"]

READ_TIMEOUT_S = 30.0
"""How long one record may take to come."""
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it lies in its topic."""

    place: RecordPlace
    key: bytes | None
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes | None], ...] = field(repr=False)
    timestamp_ms: int


def read_records(settings: Settings, places: Sequence[RecordPlace]) -> Generator[StoredRecord]:
    """Read records by their coordinates, in the order asked for.

    Blocks; run it in a thread. One record is held at a time.

    Raises
    ------
    RecordMissing
        If one is no longer kept, or its topic or partition does not exist.
    AccessDenied
        If its topic may not be read.
    BrokerUnavailable
        If one does not come in time.
    """
    expected: RecordPlace | None = None
    known: set[tuple[str, int]] = set()
    with closing(_open(settings)) as consumer:
        for place in places:
            if (place.topic, place.partition) not in known:
                _require_partition(consumer, place, settings)
                known.add((place.topic, place.partition))
            if place != expected:
                consumer.assign([TopicPartition(place.topic, place.partition, place.offset)])
            record = _next(consumer, settings)
            if record is None or record.place != place:
                msg = (
                    f"record {place.topic}/{place.partition}/{place.offset} is no longer there: "
                    "its topic keeps records for a limited time (retention.ms, retention.bytes)"
                )
                raise RecordMissing(msg)
            yield record
            expected = RecordPlace(place.topic, place.partition, place.offset + 1)


def read_partition(
    settings: Settings,
    topic: str,
    partition: int,
    start: int = 0,
    *,
    newest: int | None = None,
    end: int | None = None,
) -> Generator[StoredRecord]:
    """Read a partition from an offset, or its first later one, to its present end.

    With `newest`, no more than so many of its newest records are read; with `end`, none from that
    offset on. Records that the topic drops meanwhile are passed over.

    Blocks; run it in a thread.

    Raises
    ------
    RecordMissing
        If the topic does not exist.
    AccessDenied
        If it may not be read.
    BrokerUnavailable
        If the broker does not answer in time.
    """
    with closing(_open(settings)) as consumer:
        low, high = _watermarks(consumer, topic, partition, settings)
        high = high if end is None else min(high, end)
        position = max(low, start, high - newest if newest else 0)
        if position < high:
            consumer.assign([TopicPartition(topic, partition, position)])
        while position < high:
            record = _next(consumer, settings)
            if record is not None:
                if record.place.offset >= high:
                    return
                yield record
                position = record.place.offset + 1
                continue
            low, _ = _watermarks(consumer, topic, partition, settings)
            if low <= position:
                return
            position = low
            consumer.assign([TopicPartition(topic, partition, position)])


def read_topic(
    settings: Settings, topic: str, newest: int | None = None
) -> Generator[StoredRecord]:
    """Read all that a topic holds now, or the `newest` records of each of its partitions.

    Blocks; run it in a thread.

    Raises
    ------
    TopicMissing
        If it does not exist.
    AccessDenied
        If it may not be read.
    BrokerUnavailable
        If the broker does not answer in time.
    """
    for partition in _partitions(settings, topic):
        yield from read_partition(settings, topic, partition, newest=newest)


def partition_ends(settings: Settings, topic: str) -> dict[int, int]:
    """Offset of the next record of each partition of a topic; blocks.

    Raises
    ------
    TopicMissing
        If it does not exist.
    AccessDenied
        If it may not be read.
    BrokerUnavailable
        If the broker does not answer in time.
    """
    with closing(_open(settings)) as consumer:
        return {
            partition: _watermarks(consumer, topic, partition, settings)[1]
            for partition in _partitions(settings, topic)
        }


def _partitions(settings: Settings, topic: str) -> list[int]:
    require_topics(settings, read=[topic])
    admin = open_admin(settings)
    found = admin.list_topics(topic, timeout=settings.kafka.connect_timeout_s).topics[topic]
    return sorted(found.partitions)


def _open(settings: Settings) -> Consumer:
    return Consumer(
        {
            **reading_config(settings),
            "group.id": f"wildfire-bench-reader-{uuid.uuid4()}",  # asked for, never joined
            "auto.offset.reset": "error",
        }
    )


def _require_partition(consumer: Consumer, place: RecordPlace, settings: Settings) -> None:
    """Ask for it beforehand: librdkafka takes half a minute to say that there is none."""
    try:
        found = consumer.list_topics(place.topic, timeout=READ_TIMEOUT_S).topics[place.topic]
    except KafkaException as error:
        raise _no_answer(settings) from error
    if found.error is not None and is_denial(found.error):
        raise read_denied(settings, place.topic)
    if place.partition not in found.partitions and (
        found.error is None or found.error.code() in _NOT_THERE
    ):
        msg = (
            f"{place.topic} has no partition {place.partition}: "
            "see `wildfire-bench topics describe`"
        )
        raise RecordMissing(msg)


def _next(consumer: Consumer, settings: Settings) -> StoredRecord | None:
    """The next record; None at the end of the partition or when the offset is out of range."""
    deadline = time.monotonic() + READ_TIMEOUT_S
    while time.monotonic() < deadline:
        message = consumer.poll(_POLL_S)
        if message is None:
            continue
        error = message.error()
        if error is not None:
            if error.code() in _NOT_THERE:
                return None
            # Its group is asked for by librdkafka, and needed by nobody.
            if is_denial(error) and error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
                raise read_denied(settings, message.topic() or "")
            continue
        return StoredRecord(
            RecordPlace(message.topic() or "", message.partition() or 0, message.offset() or 0),
            message.key(),
            message.value() or b"",
            _headers(message),
            message.timestamp()[1],
        )
    raise _no_answer(settings)


def _headers(message: Message) -> tuple[tuple[str, bytes | None], ...]:
    """Those of a stranger's record that cannot be read count as none."""
    try:
        return tuple(headers_of(message))
    except CorruptEnvelope:
        return ()


_NOT_THERE = {
    KafkaError._PARTITION_EOF,  # noqa: SLF001 - librdkafka's own names
    KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
    KafkaError.OFFSET_OUT_OF_RANGE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_ELECTING = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}
"""Over in a moment: a topic that was just made, a broker that went."""


def _watermarks(
    consumer: Consumer, topic: str, partition: int, settings: Settings
) -> tuple[int, int]:
    deadline = time.monotonic() + READ_TIMEOUT_S
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            marks = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=left_s)
        except KafkaException as error:
            code = error.args[0].code()
            if code in _NOT_THERE:
                msg = f"{topic} has no partition {partition}: see `wildfire-bench topics describe`"
                raise RecordMissing(msg) from None
            if is_denial(error.args[0]):
                raise read_denied(settings, topic) from None
            if code not in _ELECTING:
                raise _no_answer(settings) from error
            time.sleep(_POLL_S)
        else:
            if marks is not None:
                return marks
    raise _no_answer(settings)


def _no_answer(settings: Settings) -> BrokerUnavailable:
    servers = settings.kafka.bootstrap_servers
    return BrokerUnavailable(f"{servers} did not answer within {READ_TIMEOUT_S:g} s")
