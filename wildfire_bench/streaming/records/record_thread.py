"""The one thread that owns a Kafka consumer of small records.

It reads ahead by one batch while the caller works on another. When that is full it lets the
fetched records lie, and polls only now and then, paused, so that a slow caller stays in its group.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, TopicPartition

from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.dead_letters import letter_for
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.receiving_tally import RecordReceivingSnapshot
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.receiving.consumer_errors import raise_if_permanent
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.member_thread import MemberThread
from wildfire_bench.streaming.receiving.settlement import Settled
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord
from wildfire_bench.streaming.records.record_intake import (
    BatchLimits,
    InboundBatch,
    RecordIntake,
)
from wildfire_bench.streaming.topics import topic_names

__all__ = ["RecordThread"]

MAX_UNWRITTEN_LETTERS = 1_000
"""Dead letters under way before reading waits for them."""
FETCH_QUEUE_BYTES = 16 << 20
"""Prefetched records (``queued.max.messages.kbytes``)."""
KEEP_ALIVE_S = 1.0
"""How long a full consumer goes without a poll: far below ``max.poll.interval.ms``."""
LOOK_INTERVAL_S = 1.0
"""How often the ends of the partitions are noted."""
_BUSY_POLL_S, _IDLE_POLL_S = 0.01, 0.05


class RecordThread(MemberThread):
    """See the module.

    Parameters
    ----------
    settings, group_id, data_types, limits, check_schema
        As `wildfire_bench.streaming.record_consumer.RecordConsumer` has them.
    hand_over
        Called with each batch; from this thread.
    failed
        Called once with the error that ended the thread.
    """

    def __init__(
        self,
        settings: Settings,
        group_id: str,
        data_types: Sequence[DataType],
        limits: BatchLimits,
        *,
        check_schema: bool,
        hand_over: Callable[[InboundBatch], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        lanes = topic_names(settings).lanes
        types: Mapping[str, DataType] = {lanes[each]: each for each in data_types}
        super().__init__(
            settings,
            group_id,
            tuple(types),
            failed=failed,
            name="kafka-records",
            fetch_queue_bytes=FETCH_QUEUE_BYTES,
        )
        self._limits, self._hand_over = limits, hand_over
        self._intake = RecordIntake(types, limits, self._refuse, check_schema=check_schema)
        self._outstanding: set[InboundBatch] = set()
        self._paused: set[tuple[str, int]] = set()
        self._next_poll = self._next_look = 0.0

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Figures of now; from any thread."""
        receiving = RecordReceivingSnapshot(
            group_id=self.group_id,
            joined=self.joined,
            records=self._intake.received(),
            outstanding_batches=len(self._outstanding),
        )
        return (receiving, self.partition_figures(), self.letter_figures())

    def settle(
        self,
        batch: InboundBatch,
        refused: Sequence[ReceivedRecord],
        reason: str | None,
        settled: Settled,
    ) -> None:
        """Acknowledge a batch, all but what is refused with a reason; in this thread."""
        if batch.settled:
            settled(None)
            return
        batch.settled = True
        self._outstanding.discard(batch)
        letter = None
        if refused:
            letter = letter_for(reason or "", [each.place for each in refused], self.group_id)
        self._settlement.settle(batch, letter, settled)

    # The loop

    def _turn(self) -> None:
        self._settlement.poll()
        self._commits.pump(self._consumer)
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_INTERVAL_S
            self._assignment.note_ends(self._consumer)
        if self._full():
            self._wait()
        else:
            self._read()

    def _full(self) -> bool:
        """Whether there is no room for another record."""
        filled = self._intake.filled
        if filled and len(self._outstanding) < self._limits.outstanding:
            self._pass_on()
            return False
        return filled or self._settlement.unwritten_letters > MAX_UNWRITTEN_LETTERS

    def _wait(self) -> None:
        """Let fetched records lie; poll, paused, only to stay in the group and hear of commits."""
        if self._commits.busy or time.monotonic() >= self._next_poll:
            self._set_paused(True)
            self._poll(_BUSY_POLL_S)
        self._commands.run(_BUSY_POLL_S)

    def _read(self) -> None:
        """Take what is there; a batch goes as soon as nothing more is waiting."""
        self._commands.run()
        self._set_paused(False)
        waiting = self._intake.holds_records
        if waiting and len(self._outstanding) < self._limits.outstanding:
            if not self._poll(0):
                self._pass_on()
            return
        busy = waiting or self._outstanding or self._commits.busy
        self._poll(_BUSY_POLL_S if busy else _IDLE_POLL_S)

    def _poll(self, timeout_s: float) -> bool:
        """Poll once; whether a record came."""
        self._next_poll = time.monotonic() + KEEP_ALIVE_S
        message: Any = self._consumer.poll(timeout_s)
        if message is None:
            return False
        error = message.error()
        if error is None:
            state = self.partitions.get((message.topic(), message.partition()))
            if state is not None:  # else given up a moment ago
                self._intake.take(state, message)
            return True
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            raise_if_permanent(error, self.settings, message.topic(), self.group_id)
        return False

    def _refuse(self, state: PartitionState, place: RecordPlace, error: WildfireBenchError) -> None:
        """Write a dead letter; its offset stays uncommitted until that is acknowledged."""
        self._settlement.refuse(state, letter_for(error, [place], self.group_id))

    def _pass_on(self) -> None:
        batch = self._intake.give()
        self._outstanding.add(batch)
        self._hand_over(batch)

    def _set_paused(self, paused: bool) -> None:
        assigned = set(self.partitions)
        self._paused &= assigned
        changing = assigned - self._paused if paused else self._paused
        if changing:
            partitions = [TopicPartition(*scope) for scope in changing]
            (self._consumer.pause if paused else self._consumer.resume)(partitions)
        self._paused = assigned if paused else set()

    def _dropped(self, state: PartitionState) -> None:
        self._intake.drop(state)
