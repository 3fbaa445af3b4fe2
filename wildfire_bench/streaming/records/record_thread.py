"""The one thread that owns a Kafka consumer of small records.

It reads ahead by one batch while the caller works on another. When that is full it lets the
fetched records lie, and polls only now and then, paused, so that a slow caller stays in its group.
All state is changed in this thread; others leave commands (`RecordThread.call`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.dead_letters import DeadLetterWriter, letter_for
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.receiving_tally import RecordReceivingSnapshot
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.receiving.assignment import Assignment
from wildfire_bench.streaming.receiving.command_queue import CommandQueue
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.consumer_config import group_config
from wildfire_bench.streaming.receiving.consumer_errors import denied_to_group, raise_if_permanent
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord
from wildfire_bench.streaming.records.record_intake import (
    BatchLimits,
    InboundBatch,
    RecordIntake,
)
from wildfire_bench.streaming.topics import topic_names

__all__ = ["RecordThread", "Settled"]

log = logging.getLogger(__name__)

MAX_UNWRITTEN_LETTERS = 1_000
"""Dead letters under way before reading waits for them."""
FETCH_QUEUE_BYTES = 16 << 20
"""Prefetched records (``queued.max.messages.kbytes``)."""
KEEP_ALIVE_S = 1.0
"""How long a full consumer goes without a poll: far below ``max.poll.interval.ms``."""
LOOK_INTERVAL_S = 1.0
"""How often the ends of the partitions are noted."""
_BUSY_POLL_S, _IDLE_POLL_S = 0.01, 0.05
_CLOSE_TIMEOUT_S = 10.0

Settled = Callable[[BaseException | None], None]


class RecordThread:
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
        self._settings, self._group_id = settings, group_id
        self._limits = limits
        self._hand_over, self._report_failure = hand_over, failed
        names = topic_names(settings)
        self._types: Mapping[str, DataType] = {names.lanes[each]: each for each in data_types}
        self._commands = CommandQueue()
        self._letters = DeadLetterWriter(settings.kafka, names.dead_letters)
        denied = partial(denied_to_group, settings, group_id)
        self._commits = CommitPump(denied)
        self._intake = RecordIntake(self._types, limits, self._refuse, check_schema=check_schema)
        self._assignment = Assignment(self._commits, self._intake.drop, denied)
        self._outstanding: set[InboundBatch] = set()
        self._unanswered: set[tuple[InboundBatch, Settled]] = set()
        self._paused: set[tuple[str, int]] = set()
        self._next_poll = self._next_look = 0.0
        self._stopping = threading.Event()
        self._consumer = Consumer(
            {
                **group_config(settings, group_id),
                "queued.max.messages.kbytes": FETCH_QUEUE_BYTES // 1024,
                "on_commit": self._commits.answered,
            }
        )
        self._thread = threading.Thread(target=self._run, name="kafka-records", daemon=True)

    def start(self) -> None:
        """Subscribe and begin to poll."""
        self._consumer.subscribe(
            list(self._types),
            on_assign=self._assignment.assigned,
            on_revoke=self._assignment.revoked,
            on_lost=self._assignment.lost,
        )
        self._thread.start()

    def stop(self) -> None:
        """Commit what was acknowledged, leave the group and end the thread; blocks."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def joined(self) -> bool:
        """Whether the group has given it its partitions, be it none."""
        return self._assignment.joined and self._thread.is_alive()

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Figures of now; from any thread."""
        receiving = RecordReceivingSnapshot(
            group_id=self._group_id,
            joined=self.joined,
            records=self._intake.received(),
            outstanding_batches=len(self._outstanding),
        )
        partitions = self._assignment.snapshot(self._group_id)
        return (receiving, partitions, self._letters.snapshot(self._group_id))

    def call(self, command: Callable[[], None]) -> None:
        """Run something in this thread, soon; from any thread."""
        self._commands.put(command)

    def settle(
        self,
        batch: InboundBatch,
        refused: Sequence[ReceivedRecord],
        reason: str | None,
        settled: Settled,
    ) -> None:
        """Acknowledge a batch, all but what is refused with a reason; in this thread.

        `settled` is called with None once that is committed, or with the error.
        """
        if batch.settled:
            settled(None)
            return
        batch.settled = True
        self._outstanding.discard(batch)
        asked = (batch, settled)
        self._unanswered.add(asked)

        def answered(error: BaseException | None) -> None:
            self._unanswered.discard(asked)
            settled(error)

        if refused:
            places = [each.place for each in refused]
            letter = letter_for(reason or "", places, self._group_id)
            self._letters.write(letter, lambda: self._release(batch, answered))
        else:
            self._release(batch, answered)

    def _release(self, batch: InboundBatch, settled: Settled) -> None:
        """Nothing of the batch is needed any more: commit, then answer once for all partitions."""
        answers: list[bool] = []
        expected = len(batch.partitions)

        def committed(stored: bool) -> None:
            answers.append(stored)
            if len(answers) == expected:
                settled(None if all(answers) else batch.lost_error())

        for state in batch.partitions:
            state.ledger.release(batch)
            self._commits.touch(state, committed)
        lost = [state for state in batch.partitions if state.lost]
        self._commits.leave(lost, committed=False)

    # The loop

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._letters.poll()
                self._commits.pump(self._consumer)
                if time.monotonic() >= self._next_look:
                    self._next_look = time.monotonic() + LOOK_INTERVAL_S
                    self._assignment.note_ends(self._consumer)
                if self._full():
                    self._wait()
                else:
                    self._read()
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            self._report_failure(error)
        finally:
            self._close()

    def _full(self) -> bool:
        """Whether there is no room for another record."""
        filled = self._intake.filled
        if filled and len(self._outstanding) < self._limits.outstanding:
            self._pass_on()
            return False
        return filled or self._letters.unwritten > MAX_UNWRITTEN_LETTERS

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
            state = self._assignment.partitions.get((message.topic(), message.partition()))
            if state is not None:  # else given up a moment ago
                self._intake.take(state, message)
            return True
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            raise_if_permanent(error, self._settings, message.topic(), self._group_id)
        return False

    def _refuse(self, state: PartitionState, place: RecordPlace, error: WildfireBenchError) -> None:
        """Write a dead letter; its offset stays uncommitted until that is acknowledged."""
        token = object()
        state.ledger.hold(token, place.offset)

        def written() -> None:
            state.ledger.release(token)
            self._commits.touch(state)

        self._letters.write(letter_for(error, [place], self._group_id), written)

    def _pass_on(self) -> None:
        batch = self._intake.give()
        self._outstanding.add(batch)
        self._hand_over(batch)

    def _set_paused(self, paused: bool) -> None:
        assigned = set(self._assignment.partitions)
        self._paused &= assigned
        changing = assigned - self._paused if paused else self._paused
        if changing:
            partitions = [TopicPartition(*scope) for scope in changing]
            (self._consumer.pause if paused else self._consumer.resume)(partitions)
        self._paused = assigned if paused else set()

    def _close(self) -> None:
        self._commands.finish()  # before the letters close: these may be refusals
        self._letters.close(_CLOSE_TIMEOUT_S)
        try:
            self._consumer.close()  # revokes, and so commits
        except (KafkaException, RuntimeError) as error:
            log.warning("consumer did not close cleanly: %s", error)
        for state in self._assignment.partitions.values():
            state.lost = True
        self._commands.end()
        for batch, settled in tuple(self._unanswered):
            settled(batch.lost_error())
