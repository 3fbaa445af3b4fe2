"""The one thread that owns a Kafka consumer of images: polls, hands over, commits.

When enough completed images wait, fetching pauses, not polling.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaError

from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letters import DeadLetter, letter_for
from wildfire_bench.streaming.model import Envelope, RecordPlace
from wildfire_bench.streaming.receiving.consumer_errors import raise_if_permanent
from wildfire_bench.streaming.receiving.fetch_gate import FetchGate, Overload
from wildfire_bench.streaming.receiving.hand_over import HandOver
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState
from wildfire_bench.streaming.receiving.intake import Intake
from wildfire_bench.streaming.receiving.member_thread import MemberThread
from wildfire_bench.streaming.receiving.settlement import Settled
from wildfire_bench.streaming.stac.item import CatalogueEntry
from wildfire_bench.streaming.topics import topic_names

__all__ = ["ConsumerThread"]

_BUSY_POLL_S, _HELD_POLL_S, _IDLE_POLL_S = 0.002, 0.01, 0.05
_TICK_S = 1.0
MAX_UNDECODED_BYTES = 64 << 20
"""Chunks that wait to be decoded before no further one is taken; one record more may come."""


class ConsumerThread(MemberThread):
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
        topics = topic_names(settings).images
        super().__init__(settings, group_id, topics, failed=failed, name="kafka-consumer")
        limits = settings.kafka_consumer
        self._start_download = download
        self._pool = ThreadPoolExecutor(limits.decode_workers, thread_name_prefix="decode")
        self.intake = Intake(settings, self._pool, self.call, self)
        self._gate = FetchGate(limits.ready_bytes)
        self._outbound = HandOver(
            limits.max_unacknowledged, self._commits, self.intake.tally, hand_over
        )
        self._next_tick = 0.0

    def stop(self) -> None:
        """Commit what was acknowledged, leave the group and end its threads; blocks."""
        super().stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def waiting_images(self) -> int:
        """Images that are here and wait for the caller."""
        return len(self._outbound.waiting)

    @property
    def in_hand_images(self) -> int:
        """Images with the caller."""
        return len(self._outbound.in_hand)

    def partition_clock(self) -> Callable[[Hashable], float]:
        """The time of each partition, milliseconds; from any thread."""
        clocks = {scope: state.clock for scope, state in tuple(self.partitions.items())}
        return lambda scope: clocks[scope].now_ms() if scope in clocks else 0.0

    def settle(self, image: InboundImage, refusal: str | None, settled: Settled) -> None:
        """Acknowledge an image, or refuse it with a reason; in this thread."""
        if image.settled:
            settled(None)
            return
        if image.partition.lost:
            settled(image.lost_error())
            return
        self._end(image)
        letter = None
        if refusal is not None:
            letter = self._letter(refusal, image.places, image.envelope)
        self._settlement.settle(image, letter, settled)

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
        if image is not None:
            self._outbound.withdraw(image)
            self._end(image)
        self._settlement.refuse(state, self._letter(error, places, envelope), image)

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

    def _turn(self) -> None:
        self._commands.run()
        if self.intake.undecoded_bytes > MAX_UNDECODED_BYTES:
            self._commands.run(_BUSY_POLL_S)  # decoding catches up in moments
            return
        message = self._next_message()
        if message is not None:
            self._receive(message)
        self._outbound.announce()
        self._commits.pump(self._consumer)
        self._settlement.poll()
        held, waiting = self._outbound.held_bytes, len(self._outbound.waiting)
        overload = Overload(held, waiting, self._settlement.unwritten_letters)
        self._gate.adjust(self._consumer, self.partitions, overload)
        if time.monotonic() >= self._next_tick:
            self._tick()

    def _next_message(self) -> Any | None:
        """Wait for a message, no longer than nothing else is to be done."""
        if self._commits.busy:
            return self._consumer.poll(_BUSY_POLL_S)
        if self._outbound.awaits_downloads:
            message = self._consumer.poll(0)
            if message is None:  # each takes seconds to minutes, and its end is a command
                self._commands.run(_HELD_POLL_S)
            return message
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
        """Forget its images, except for what the caller holds."""
        self.intake.drop(state)
        for image in state.images.values():
            if not image.handed:
                state.ledger.take_back([image.mark])
            image.free()
        self._outbound.drop(state)

    def _letter(
        self,
        error: WildfireBenchError | str,
        places: Sequence[RecordPlace],
        envelope: Envelope | None,
    ) -> DeadLetter:
        about: dict[str, Any] = {"missing": getattr(error, "missing", ())}
        if envelope is not None:
            identity = envelope.identity
            about["image_id"] = identity.image_id
            about["source_id"] = identity.source_id
            about["size_bytes"] = identity.size_bytes
        return letter_for(error, places, self.group_id, **about)
