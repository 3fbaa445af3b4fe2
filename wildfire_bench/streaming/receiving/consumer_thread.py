"""The one thread that owns a Kafka consumer: polls, hands over, commits, serves rebalances.

It polls whatever the caller does, so that a slow caller never drops out of its group; when enough
completed images wait, fetching pauses. Everything that changes its state runs in it: others leave
commands (`ConsumerThread.call`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException

from wildfire_bench.errors import AcknowledgementLost, WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letters import DeadLetterWriter, letter_for
from wildfire_bench.streaming.model import Envelope, RecordPlace
from wildfire_bench.streaming.observation.receiving_tally import (
    DeadLetterSnapshot,
    PartitionsSnapshot,
)
from wildfire_bench.streaming.receiving.assignment import Assignment
from wildfire_bench.streaming.receiving.command_queue import CommandQueue
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.consumer_config import group_config
from wildfire_bench.streaming.receiving.consumer_errors import denied_to_group, raise_if_permanent
from wildfire_bench.streaming.receiving.fetch_gate import FetchGate, Overload
from wildfire_bench.streaming.receiving.hand_over import HandOver
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState
from wildfire_bench.streaming.receiving.intake import Intake
from wildfire_bench.streaming.stac.item import CatalogueEntry
from wildfire_bench.streaming.topics import topic_names

__all__ = ["ConsumerThread"]

log = logging.getLogger(__name__)

_BUSY_POLL_S, _HELD_POLL_S, _IDLE_POLL_S = 0.002, 0.01, 0.05
_TICK_S = 1.0
MAX_UNDECODED_BYTES = 64 << 20
"""Chunks that wait to be decoded before no further one is taken; one record more may come."""
_CLOSE_TIMEOUT_S = 10.0

Settled = Callable[[BaseException | None], None]


class ConsumerThread:
    """See the module.

    Parameters
    ----------
    settings, group_id
        Connection, limits and group.
    hand_over
        Called with each image that may go to the caller; from this thread.
    download
        Called with each image that lies in S3; from this thread.
    failed
        Called once with the error that ended the thread.
    """

    def __init__(
        self,
        settings: Settings,
        group_id: str,
        *,
        hand_over: Callable[[InboundImage], None],
        download: Callable[[InboundImage, CatalogueEntry], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self.settings, self.group_id = settings, group_id
        self._limits = settings.kafka_consumer
        self._topics = topic_names(settings)
        self._start_download, self._report_failure = download, failed
        self._commands = CommandQueue()
        self._pool = ThreadPoolExecutor(self._limits.decode_workers, thread_name_prefix="decode")
        self.intake = Intake(settings, self._pool, self.call, self)
        self._letters = DeadLetterWriter(settings.kafka, self._topics.dead_letters)
        denied = partial(denied_to_group, settings, group_id)
        self._commits = CommitPump(denied)
        self._assignment = Assignment(self._commits, self._dropped, denied)
        self._gate = FetchGate(self._limits.ready_bytes)
        self._outbound = HandOver(
            self._limits.max_unacknowledged, self._commits, self.intake.tally, hand_over
        )
        self._unanswered: set[tuple[InboundImage, Settled]] = set()
        self._stopping = threading.Event()
        self._next_tick = 0.0
        self._consumer = Consumer(
            group_config(settings, group_id), on_commit=self._commits.answered
        )
        self._thread = threading.Thread(target=self._run, name="kafka-consumer", daemon=True)

    @property
    def partitions(self) -> dict[tuple[str, int], PartitionState]:
        """Those assigned now, by topic and number."""
        return self._assignment.partitions

    def start(self) -> None:
        """Subscribe to all image topics and begin to poll."""
        topics = self._topics
        self._consumer.subscribe(
            list(topics.images),
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
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def joined(self) -> bool:
        """Whether the group has given it its partitions, be it none."""
        return self._assignment.joined and self._thread.is_alive()

    @property
    def waiting_images(self) -> int:
        """Images that are here and wait for the caller."""
        return len(self._outbound.waiting)

    @property
    def in_hand_images(self) -> int:
        """Images with the caller."""
        return len(self._outbound.in_hand)

    def partition_figures(self) -> PartitionsSnapshot:
        """How the partitions stand; from any thread."""
        return self._assignment.snapshot(self.group_id)

    def letter_figures(self) -> DeadLetterSnapshot:
        """What went to the dead letters; from any thread."""
        return self._letters.snapshot(self.group_id)

    def partition_clock(self) -> Callable[[Hashable], float]:
        """The time of each partition, milliseconds; from any thread."""
        clocks = {scope: state.clock for scope, state in tuple(self.partitions.items())}
        return lambda scope: clocks[scope].now_ms() if scope in clocks else 0.0

    def call(self, command: Callable[[], None]) -> None:
        """Run something in this thread, soon; from any thread."""
        self._commands.put(command)

    def settle(self, image: InboundImage, refusal: str | None, settled: Settled) -> None:
        """Acknowledge an image, or refuse it with a reason; in this thread.

        `settled` is called with None once that is committed, or with the error.
        """
        state = image.partition
        if image.settled:
            settled(None)
            return
        if state.lost:
            settled(_lost_error(image))
            return

        asked = (image, settled)
        self._unanswered.add(asked)

        def committed(stored: bool) -> None:
            self._unanswered.discard(asked)
            settled(None if stored else _lost_error(image))

        def done() -> None:
            last_offset = max(place.offset for place in image.places)
            state.ledger.deliver(image.mark, image, last_offset)
            self._commits.touch(state, committed)
            if state.lost:
                self._commits.leave([state], committed=False)

        self._end(image)
        if refusal is None:
            done()
        else:
            letter = letter_for(refusal, image.places, self.group_id, **_about(image.envelope))
            self._letters.write(letter, done)

    # Outcome of the intake

    def whole(self, image: InboundImage) -> None:
        """Queue it for the caller; it is announced while it is still being decoded."""
        image.whole = True
        self._outbound.waiting.append(image)

    def not_whole(self, image: InboundImage) -> None:
        """Take it out of the queue again."""
        image.whole = False
        self._outbound.withdraw(image)

    def ready(self, image: InboundImage) -> None:
        """Hand it over, if it is its turn."""
        self._outbound.offer(image)

    def refuse(
        self,
        state: PartitionState,
        error: WildfireBenchError,
        places: Sequence[RecordPlace],
        envelope: Envelope | None,
        image: InboundImage | None,
    ) -> None:
        """Write a dead letter; the offsets stay uncommitted until it is acknowledged."""
        token: object = image or object()
        if image is not None:
            self._outbound.withdraw(image)
            self._end(image)
        else:
            state.ledger.hold(token, places[0].offset)

        def written() -> None:
            state.ledger.release(token)
            self._commits.touch(state)

        missing = {"missing": getattr(error, "missing", ())}
        letter = letter_for(error, places, self.group_id, **_about(envelope), **missing)
        self._letters.write(letter, written)

    def download(self, image: InboundImage, entry: CatalogueEntry) -> None:
        """Pass it on: the object store is spoken to from the event loop."""
        self._start_download(image, entry)

    def downloaded(self, image: InboundImage, result: memoryview | Exception) -> None:
        """What came of that; in this thread."""
        if image.gone:
            image.free()
        elif isinstance(result, WildfireBenchError):
            self.intake.fail(image, result)
        elif isinstance(result, Exception):
            raise result
        else:
            self.intake.complete(image, result)

    # The loop

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._commands.run()
                if self.intake.undecoded_bytes > MAX_UNDECODED_BYTES:
                    self._commands.run(_BUSY_POLL_S)  # decoding catches up in moments
                    continue
                message = self._next_message()
                if message is not None:
                    self._receive(message)
                self._outbound.announce()
                self._commits.pump(self._consumer)
                self._letters.poll()
                held, waiting = self._outbound.held_bytes, len(self._outbound.waiting)
                overload = Overload(held, waiting, self._letters.unwritten)
                self._gate.adjust(self._consumer, self.partitions, overload)
                if time.monotonic() >= self._next_tick:
                    self._tick()
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            self._report_failure(error)
        finally:
            self._close()

    def _next_message(self) -> Any | None:
        """Wait for a message, no longer than nothing else is to be done."""
        if self._commits.busy:
            return self._consumer.poll(_BUSY_POLL_S)
        if self._outbound.is_pending:
            self._commands.run(_BUSY_POLL_S)  # decoding ends in one, and none can wake a poll
            return self._consumer.poll(0)
        return self._consumer.poll(_HELD_POLL_S if self._outbound.in_hand else _IDLE_POLL_S)

    def _receive(self, message: Any) -> None:
        error = message.error()
        state = self.partitions.get((message.topic(), message.partition()))
        if error is None:
            if state is not None:
                self.intake.take(state, message)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            if state is not None:
                state.ledger.read(message.offset() - 1)
                state.clock.at_end()
        else:
            raise_if_permanent(error, self.settings, message.topic(), self.group_id)

    def _tick(self) -> None:
        self._next_tick = time.monotonic() + _TICK_S
        self._assignment.note_ends(self._consumer)
        for state in self.partitions.values():
            self.intake.expire(state)
            if (state.ledger.safe_offset, state.ledger.note()) != state.committed:
                state.committed = (state.ledger.safe_offset, state.ledger.note())
                self._commits.touch(state)

    def _end(self, image: InboundImage) -> None:
        """It is no longer in hand; its memory is free as soon as the caller lets go."""
        image.settled = True
        self._outbound.in_hand.discard(image)
        state = image.partition
        for key, found in tuple(state.images.items()):
            if found is image:
                del state.images[key]
        image.free()

    def _dropped(self, state: PartitionState) -> None:
        """A partition is no longer ours: forget its images, except for what the caller holds."""
        self.intake.drop(state)
        for image in state.images.values():
            if not image.handed:
                state.ledger.take_back([image.mark])
            image.free()
        self._outbound.drop(state)

    def _close(self) -> None:
        self._commands.finish()  # before the letters close: these may be refusals
        self._letters.close(_CLOSE_TIMEOUT_S)
        try:
            self._consumer.close()  # revokes, and so commits
        except (KafkaException, RuntimeError) as error:
            log.warning("consumer did not close cleanly: %s", error)
        for state in self.partitions.values():
            state.lost = True
        self._commands.end()
        for image, settled in tuple(self._unanswered):
            settled(_lost_error(image))


def _lost_error(image: InboundImage) -> AcknowledgementLost:
    state = image.partition
    msg = (
        f"image {image.envelope.identity.image_id} was not acknowledged: partition "
        f"{state.partition} of {state.topic} is no longer this consumer's; it comes again"
    )
    return AcknowledgementLost(msg)


def _about(envelope: Envelope | None) -> dict[str, Any]:
    if envelope is None:
        return {}
    identity = envelope.identity
    return {
        "image_id": identity.image_id,
        "source_id": identity.source_id,
        "size_bytes": identity.size_bytes,
    }
