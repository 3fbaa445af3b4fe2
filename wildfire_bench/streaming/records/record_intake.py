"""From Kafka's messages to batches: decoded, checked, their offsets held until settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wildfire_bench.errors import (
    AcknowledgementLost,
    CorruptData,
    RecordInvalid,
    WildfireBenchError,
)
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.envelope.header_reader import headers_of
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.receiving_tally import ReceivedRecords
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord, decode_record
from wildfire_bench.streaming.records.record_schema import check_record

__all__ = ["BatchLimits", "InboundBatch", "RecordIntake"]


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much is handed over at a time."""

    records: int
    value_bytes: int
    """A batch ends with the record that reaches it."""
    outstanding: int
    """Batches in the caller's hands or waiting for it."""


@dataclass(slots=True, eq=False)
class InboundBatch:
    """Records on their way to the caller; holds the offsets of its partitions until settled."""

    received: list[ReceivedRecord] = field(default_factory=list)
    partitions: set[PartitionState] = field(default_factory=set)
    value_bytes: int = 0
    settled: bool = False

    def note_done(self) -> None:
        """Tell the ledgers of its partitions that its offsets are needed no more."""
        for state in self.partitions:
            state.ledger.release(self)

    def lost_error(self) -> AcknowledgementLost:
        """Say which of its partitions went to another consumer."""
        lost = ", ".join(sorted(f"{s.topic}/{s.partition}" for s in self.partitions if s.lost))
        msg = f"records of {lost} were not acknowledged: another consumer has them now"
        return AcknowledgementLost(msg)


class RecordIntake:
    """Fills one batch after the other; belongs to the consumer's thread.

    Parameters
    ----------
    data_types
        By topic.
    limits
        Of batches.
    refuse
        Called with a record that cannot be handed over, and why.
    check_schema
        Whether to refuse what breaks the schema of its data type.
    """

    def __init__(
        self,
        data_types: Mapping[str, DataType],
        limits: BatchLimits,
        refuse: Callable[[PartitionState, RecordPlace, WildfireBenchError], None],
        *,
        check_schema: bool,
    ) -> None:
        self._data_types = data_types
        self._limits, self._refuse, self._check_schema = limits, refuse, check_schema
        self._batch = InboundBatch()
        self._received: dict[DataType, list[int]] = {each: [0, 0] for each in data_types.values()}

    @property
    def filled(self) -> bool:
        """Whether the batch has reached a limit."""
        batch, limits = self._batch, self._limits
        return len(batch.received) >= limits.records or batch.value_bytes >= limits.value_bytes

    @property
    def holds_records(self) -> bool:
        """Whether there is anything to hand over."""
        return bool(self._batch.received)

    def take(self, state: PartitionState, message: Any) -> None:
        """Add a message to the batch, or refuse it."""
        place = RecordPlace(message.topic(), message.partition(), message.offset())
        value = message.value()
        data_type = self._data_types[state.topic]
        state.ledger.read(place.offset)
        try:
            found = decode_record(data_type, place, message.key(), value, headers_of(message))
            if self._check_schema:
                check_record(data_type, found.record)
        except (CorruptData, RecordInvalid) as error:
            self._refuse(state, place, error)
            return
        state.ledger.hold(self._batch, place.offset)
        self._batch.partitions.add(state)
        self._batch.received.append(found)
        self._batch.value_bytes += len(value)
        sums = self._received[data_type]
        sums[0] += 1
        sums[1] += len(value)

    def received(self) -> tuple[ReceivedRecords, ...]:
        """What was taken in and not refused, by lane; from any thread."""
        return tuple(ReceivedRecords(lane, *sums) for lane, sums in self._received.items())

    def give(self) -> InboundBatch:
        """The batch as it is; the next record begins another."""
        batch, self._batch = self._batch, InboundBatch()
        return batch

    def drop(self, state: PartitionState) -> None:
        """Take the records of a lost partition out again: they come to another consumer."""
        batch = self._batch
        batch.partitions.discard(state)
        batch.received = [
            each
            for each in batch.received
            if (each.place.topic, each.place.partition) != state.scope
        ]
        if not batch.received:
            self._batch = InboundBatch()
