"""From records to verified images: what the consumer's thread does with each message."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial

from wildfire_bench.errors import (
    CorruptEnvelope,
    ImageTooLarge,
    IncompleteImage,
    ReassemblyOverflow,
    WildfireBenchError,
)
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.envelope.header_reader import headers_of
from wildfire_bench.streaming.model import Chunk, Envelope, Kind, RecordPlace, Route
from wildfire_bench.streaming.observation.receiving_tally import ReceivingTally
from wildfire_bench.streaming.observation.snapshots import error_name
from wildfire_bench.streaming.receiving.assembly import Assembly
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState
from wildfire_bench.streaming.receiving.intake_ports import Message, Outcome
from wildfire_bench.streaming.receiving.lone_record import decode_direct, decode_json
from wildfire_bench.streaming.receiving.reassembly import Reassembly
from wildfire_bench.streaming.receiving.whole_record import check_value
from wildfire_bench.streaming.stac.item import parse_item
from wildfire_bench.streaming.wire import read_envelope

__all__ = ["Intake"]


class Intake:
    """Takes records in, one at a time, in the consumer's thread; decodes in a pool.

    Parameters
    ----------
    settings
        Limits.
    pool
        Threads for decoding.
    call
        Runs a function in the consumer's thread, soon.
    outcome
        Told what came of it.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Executor,
        call: Callable[[Callable[[], None]], None],
        outcome: Outcome,
    ) -> None:
        self._max_image_bytes = settings.routing.max_image_bytes
        self._pool, self._call, self._outcome = pool, call, outcome
        self.reassembly = Reassembly(settings.kafka_consumer, settings.routing)
        self._owners: dict[Assembly, InboundImage] = {}
        self._spares: dict[tuple[Assembly, int], Chunk] = {}
        """Copies of chunks that are being decoded, should those prove corrupt; one of each."""
        self.tally = ReceivingTally()
        self.undecoded_bytes = 0
        """Payloads of chunks that wait for a thread, are being decoded, or are spare."""
        self.duplicates = 0
        """Records of images that were here already."""

    def take(self, state: PartitionState, message: Message) -> None:
        """Take one record in; whatever is wrong with it ends in `Outcome.refuse`."""
        place = RecordPlace(message.topic(), message.partition(), message.offset())
        kind, timestamp_ms = message.timestamp()
        written_ms = timestamp_ms if kind else None
        state.clock.observe(written_ms)
        value = message.value() or b""
        self.tally.records += 1
        self.tally.record_bytes += len(value)
        envelope: Envelope | None = None
        try:
            envelope = read_envelope(headers_of(message), message.key())
            self._check_size(envelope)
            image = InboundImage(
                state, envelope, Route.DIRECT, redelivered=False, written_ms=written_ms
            )
            self._dispatch(image, place, value)
        except WildfireBenchError as error:
            self._outcome.refuse(state, error, [place], envelope, None)
        finally:
            state.ledger.read(place.offset)
            self._report_evicted()

    def expire(self, state: PartitionState) -> None:
        """Give up what is incomplete past the time-out, in the partition's time."""
        for assembly in self.reassembly.expire(state.scope, state.clock.now_ms()):
            missing = assembly.missing
            msg = (
                f"image {assembly.image_id} is incomplete: {len(missing)} of {assembly.count} "
                f"chunks are missing past the time-out"
            )
            error = IncompleteImage(msg, image_id=assembly.image_id, missing=missing)
            self._give_up(assembly, error)

    def drop(self, state: PartitionState) -> None:
        """Forget the incomplete images of a partition that was taken away."""
        self.reassembly.drop_scope(state.scope)
        self._owners = {
            assembly: image
            for assembly, image in self._owners.items()
            if image.partition is not state
        }

    def _dispatch(self, image: InboundImage, place: RecordPlace, value: bytes) -> None:
        state, envelope = image.partition, image.envelope
        if state.ledger.was_delivered(image.mark, place.offset):
            self.duplicates += 1
            return
        # a replay or renewal is of an image that its reader may have had
        image.redelivered = envelope.replay is not None or state.ledger.was_handed(image.mark)
        if envelope.kind is Kind.CHUNK:
            self._take_chunk(state, image, Chunk(envelope, value, place))
        elif envelope.kind is Kind.ITEM:
            self._take_item(image, place, value)
        elif envelope.kind is Kind.JSON:
            image.route = Route.JSON
            self._decode_alone(image, place, partial(decode_json, envelope, value))
        elif envelope.kind is Kind.IMAGE:
            self._decode_alone(
                image,
                place,
                partial(decode_direct, envelope, value, self.reassembly.budget.memory),
            )
        else:
            msg = f"a record of type {envelope.kind.value} does not belong on an image topic"
            raise CorruptEnvelope(msg)

    def _decode_alone(
        self, image: InboundImage, place: RecordPlace, decode: Callable[[InboundImage], memoryview]
    ) -> None:
        """An image that is one record: decode it, in the pool."""
        if self._opened(image, place, chunks=1):
            image.whole = True
            self._outcome.whole(image)
            future = self._pool.submit(decode, image)
            future.add_done_callback(lambda done: self._call(partial(self._decoded, image, done)))

    def _take_item(self, image: InboundImage, place: RecordPlace, value: bytes) -> None:
        """A catalogue entry: for the reference route it is the record itself."""
        check_value(image.envelope, value)
        entry = parse_item(value)
        if entry.route is not Route.REFERENCE:
            return
        image.route = Route.REFERENCE
        image.metadata = dict(entry.metadata)
        if self._opened(image, place, chunks=1):
            image.whole = True
            self._outcome.whole(image)
            self._outcome.download(image, entry)

    def _take_chunk(self, state: PartitionState, fresh: InboundImage, chunk: Chunk) -> None:
        if any(image.data is not None for image in state.open_images(fresh.mark)):
            self.duplicates += 1  # it is whole already, and waits or is with the caller
            return
        admission = self.reassembly.admit(chunk, state.scope, state.clock.now_ms())
        place = chunk.place
        assembly = admission.assembly
        if not admission.fresh or place is None:
            self._take_duplicate(assembly, chunk)
            return
        image = state.images.get((fresh.mark, assembly.count))
        if image is None:
            image = fresh
            image.route, image.assembly = Route.CHUNKED, assembly
            image.release = assembly.buffer.release
            self._owners[assembly] = image
            self._opened(image, place, chunks=assembly.count)
        if assembly.all_claimed and not image.whole:
            image.whole = True
            self._outcome.whole(image)
        self.undecoded_bytes += len(chunk.payload)
        future = self._pool.submit(assembly.fill, chunk)
        future.add_done_callback(lambda done: self._call(partial(self._filled, image, chunk, done)))

    def _take_duplicate(self, assembly: Assembly, chunk: Chunk) -> None:
        """Drop it, unless the first copy may yet prove corrupt: there may never be a third."""
        key = assembly, chunk.block.index
        if key in self._spares or not assembly.decodes(chunk.block.index):
            self.duplicates += 1
            return
        self._spares[key] = chunk
        self.undecoded_bytes += len(chunk.payload)

    def _take_spare(self, assembly: Assembly | None, index: int) -> Chunk | None:
        spare = None if assembly is None else self._spares.pop((assembly, index), None)
        if spare is not None:
            self.undecoded_bytes -= len(spare.payload)
        return spare

    def _filled(self, image: InboundImage, chunk: Chunk, done: Future[memoryview | None]) -> None:
        """A chunk was decoded, or cannot be: then a good copy of it may be here, or still come."""
        assembly = image.assembly
        self.undecoded_bytes -= len(chunk.payload)
        spare = self._take_spare(assembly, chunk.block.index)
        if image.gone or assembly is None or done.cancelled():
            return
        error = done.exception()
        if error is None:
            self.duplicates += spare is not None
            data = done.result()
            if data is not None:
                image.seconds["decode"] = assembly.decode_s
                image.seconds["assemble"] = time.perf_counter() - assembly.started
                image.metadata = dict(assembly.metadata)
                image.places = list(assembly.places)
                self.reassembly.detach(assembly)
                self.tally.reassembled += 1
                del self._owners[assembly]
                self.complete(image, data)
            return
        if not isinstance(error, WildfireBenchError):
            raise error
        if assembly.broken:  # all chunks are good, and do not make up the image
            self.reassembly.forget(assembly)
            self._give_up(assembly, error)
        else:
            if not assembly.all_claimed:  # else a good copy of it came meanwhile
                self._outcome.not_whole(image)
            places = [chunk.place] if chunk.place is not None else []
            self._outcome.refuse(image.partition, error, places, chunk.envelope, None)
            if spare is not None:
                self._take_chunk(image.partition, image, spare)

    def _decoded(self, image: InboundImage, done: Future[memoryview]) -> None:
        if image.gone or done.cancelled():
            return
        error = done.exception()
        if error is None:
            self.complete(image, done.result())
        elif isinstance(error, WildfireBenchError):
            self.fail(image, error)
        else:
            raise error

    def fail(self, image: InboundImage, error: WildfireBenchError) -> None:
        """An image that is here cannot be used."""
        self._outcome.refuse(image.partition, error, image.places, image.envelope, image)

    def complete(self, image: InboundImage, data: memoryview) -> None:
        """Take note that an image is here and verified."""
        image.data, image.verified_s = data, time.perf_counter()
        for other in image.partition.open_images(image.mark):
            if other is not image and other.assembly is not None and not other.marked:
                self.reassembly.forget(other.assembly)  # a resend, cut differently
                self._owners.pop(other.assembly, None)
                other.settled = True
                other.partition.ledger.release(other)
                del other.partition.images[(other.mark, other.assembly.count)]
        self._outcome.ready(image)

    def _opened(self, image: InboundImage, place: RecordPlace, *, chunks: int) -> bool:
        """Register an image; False when it is open already."""
        state = image.partition
        if (image.mark, chunks) in state.images:
            self.duplicates += 1
            return False
        state.images[image.mark, chunks] = image
        state.ledger.hold(image, place.offset)
        image.places.append(place)
        return True

    def _check_size(self, envelope: Envelope) -> None:
        size = envelope.identity.size_bytes
        if size > self._max_image_bytes:
            msg = (
                f"image {envelope.identity.image_id} announces {size:,} bytes; at most "
                f"{self._max_image_bytes:,} are accepted: raise routing.max_image_bytes"
            )
            raise ImageTooLarge(msg)

    def _report_evicted(self) -> None:
        for assembly in self.reassembly.take_evicted():
            msg = (
                f"image {assembly.image_id} had to make room for newer ones with "
                f"{len(assembly.missing)} of {assembly.count} chunks missing: raise "
                "kafka_consumer.spill_bytes or max_incomplete_images"
            )
            self._give_up(assembly, ReassemblyOverflow(msg))

    def _give_up(self, assembly: Assembly, error: WildfireBenchError) -> None:
        image = self._owners.pop(assembly, None)
        if image is not None and not image.gone:
            image.places = list(assembly.places)
            self.tally.reassembly_failures[error_name(error)] += 1
            self.fail(image, error)
