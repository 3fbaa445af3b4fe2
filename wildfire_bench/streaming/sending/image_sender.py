"""How an identified image goes out, route by route: payload first, then its catalogue entry."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from wildfire_bench.compression.codec import Buffer, Codec, ImageEncoder
from wildfire_bench.errors import ObjectStoreNotConfigured
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.binary_serializer import EncodedBlock
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.json_fallback import JSON_CODEC, check_json_fits, encode_json_image
from wildfire_bench.streaming.model import ImageIdentity, Kind, RecordPlace, Route
from wildfire_bench.streaming.observation.sending_tally import LaneFigures
from wildfire_bench.streaming.recycled_memory import RecycledMemory
from wildfire_bench.streaming.routing import (
    Decision,
    choose_route,
    chunk_places,
    escalate,
    fitting_chunk_bytes,
)
from wildfire_bench.streaming.sending.block_stream import encode_blocks, encode_turns
from wildfire_bench.streaming.sending.chunk_split import split_source
from wildfire_bench.streaming.sending.image_lanes import (
    METADATA_COMPRESSION,
    PAYLOAD_COMPRESSION,
    ImageLanes,
    json_compression,
    size_of,
)
from wildfire_bench.streaming.sending.item_records import ItemRecords, object_variant
from wildfire_bench.streaming.sending.lane import Record
from wildfire_bench.streaming.sending.limits import SendLimits
from wildfire_bench.streaming.sending.outgoing_image import OutgoingImage
from wildfire_bench.streaming.sending.sent import Sent, sent_by
from wildfire_bench.streaming.topics import topic_names

if TYPE_CHECKING:
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

__all__ = ["ImageSender"]


class ImageSender:
    """Sends images from one event loop; several at a time share its lanes and threads.

    Parameters
    ----------
    settings, limits
        What is wanted, and what topics and brokers can carry.
    codec
        Encodes.
    pool
        Threads to encode in.
    store
        The object store, if there is one.
    client_options
        librdkafka's own options for every lane, put over what the settings say.
    """

    def __init__(
        self,
        settings: Settings,
        limits: SendLimits,
        codec: Codec,
        pool: Executor,
        store: S3ReferenceHandler | None,
        *,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings, self.limits = settings, limits
        self._topics = topic_names(settings)
        self._codec = codec
        self._pool, self._store = pool, store
        self._turns = encode_turns(settings.kafka_producer)
        self._memory = RecycledMemory(settings.kafka_producer.max_in_flight_bytes)
        self._lanes = ImageLanes(settings, client_options or {})
        self._items = ItemRecords(settings, self._lanes, store)

    @property
    def in_flight_bytes(self) -> int:
        """Bytes that wait for acknowledgement."""
        return self._lanes.in_flight_bytes

    def lane_figures(self) -> tuple[LaneFigures, ...]:
        """How each lane is; from any thread."""
        return self._lanes.figures()

    def choose(self, identity: ImageIdentity) -> Decision:
        """Route of an image by its raw size and the settings; see `choose_route`."""
        if not self._settings.kafka_producer.enable_binary_serialization:
            return Decision(Route.JSON, "binary serialization is disabled (rollback)")
        return choose_route(identity.size_bytes, self._settings.routing, self.limits.carrying)

    async def send_payload(self, image: OutgoingImage) -> Sent:
        """Send the image itself; a record that turns out too large goes on to the next route."""
        identity = image.identity
        decision = self.choose(identity)
        if decision.route is Route.JSON:
            record = await self._json_record(image)
            size, limit = size_of(record), self.limits.json_record_bytes
            if size <= limit or self._store is None:
                check_json_fits(identity, size, limit)
                return await self._send_json(record, size, decision)
            reason = f"{size:,} bytes as JSON, the JSON topic takes {limit:,}"
            decision = Decision(Route.REFERENCE, reason)
        loop = asyncio.get_running_loop()
        encoder = await loop.run_in_executor(self._pool, image.source.encoder_of, self._codec)
        if decision.route is Route.DIRECT:
            block = await self._encode_whole(image, encoder)
            envelope = image.envelope(Kind.IMAGE, block.codec, metadata=image.metadata)
            record = self._lanes.record(self._topics.binary, envelope, block.payload)
            size = size_of(record)
            if size <= self.limits.carrying.direct_record_bytes:
                return await self._send_direct(record, size, block, decision, encoder)
            decision = escalate(
                identity.size_bytes, size, self._settings.routing, self.limits.carrying
            )
        if decision.route is Route.CHUNKED:
            return await self._send_chunks(image, decision, encoder)
        return await self._upload(image, decision, encoder)

    async def send_item(self, sent: Sent, image: OutgoingImage) -> tuple[RecordPlace, int]:
        """Catalogue an image whose payload is safe; for a reference this is the record itself.

        Returns
        -------
        tuple of (RecordPlace, int)
            Where it lies, and its bytes before the client compressed them.
        """
        route = sent.decision.route
        record = await self._items.record(image, route, sent.codec, sent.location)
        acknowledged = await self._lanes.lane(METADATA_COMPRESSION).produce(record)
        return await acknowledged, size_of(record)

    async def stop(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for what is in flight, then close; names what was not acknowledged in time."""
        return await self._lanes.stop(timeout_s)

    async def _encode_whole(self, image: OutgoingImage, encoder: ImageEncoder) -> EncodedBlock:
        source, identity = image.source, image.identity
        place = [(0, identity.size_bytes)]
        blocks = encode_blocks(source, identity, place, encoder, self._pool, turns=self._turns)
        async with contextlib.aclosing(blocks):
            (whole,) = [block async for block in blocks]
        return whole

    async def _send_direct(
        self,
        record: Record,
        size: int,
        block: EncodedBlock,
        decision: Decision,
        encoder: ImageEncoder,
    ) -> Sent:
        acknowledged = await self._lanes.lane(PAYLOAD_COMPRESSION).produce(record)
        return sent_by(
            encoder,
            decision,
            (await acknowledged,),
            encoded_bytes=memoryview(block.payload).nbytes,
            wire_bytes=size,
            encode_s=block.encode_s,
        )

    async def _send_chunks(
        self, image: OutgoingImage, decision: Decision, encoder: ImageEncoder
    ) -> Sent:
        """Send each chunk as soon as it is encoded, while the next ones are being encoded."""
        identity = image.identity
        lane = self._lanes.lane(PAYLOAD_COMPRESSION)
        chunk_bytes = fitting_chunk_bytes(self._settings.routing, self.limits.carrying)
        chunks = split_source(
            image.source,
            identity,
            image.metadata,
            places=chunk_places(identity.size_bytes, chunk_bytes),
            encoder=encoder,
            pool=self._pool,
            turns=self._turns,
            memory=self._memory,
            key=self._lanes.key(identity),
            replay=image.replay,
        )
        acks: list[asyncio.Future[RecordPlace]] = []
        encoded_bytes, wire_bytes, encode_s = 0, 0, 0.0
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                record = Record(
                    self._topics.chunks,
                    chunk.key,
                    chunk.value,
                    chunk.headers,
                    identity.image_id,
                )
                encoded_bytes += memoryview(chunk.value).nbytes
                wire_bytes += size_of(record)
                encode_s += chunk.encode_s
                acks.append(await lane.produce(record))
        return sent_by(
            encoder,
            decision,
            tuple(await asyncio.gather(*acks)),
            encoded_bytes=encoded_bytes,
            wire_bytes=wire_bytes,
            encode_s=encode_s,
        )

    async def _upload(
        self, image: OutgoingImage, decision: Decision, encoder: ImageEncoder
    ) -> Sent:
        """Encode while uploading, in blocks that the catalogue entry has room for."""
        source, identity = image.source, image.identity
        if self._store is None:
            msg = f"image {identity.image_id} goes by reference, and no object store is configured"
            raise ObjectStoreNotConfigured(msg)
        block_bytes = await self._items.block_bytes(
            self._store, image, encoder, self.limits.item_record_bytes
        )
        places = chunk_places(identity.size_bytes, block_bytes)
        encode_s = 0.0

        blocks = encode_blocks(source, identity, places, encoder, self._pool, turns=self._turns)

        async def encoded() -> AsyncGenerator[tuple[Buffer, int, str]]:
            nonlocal encode_s
            async with contextlib.aclosing(blocks):
                async for block in blocks:
                    encode_s += block.encode_s
                    yield block.payload, block.size_bytes, block.digest

        location = await self._store.upload(
            identity, encoded(), variant=object_variant(encoder, block_bytes)
        )
        return sent_by(
            encoder,
            decision,
            location,
            encoded_bytes=location.size_bytes,
            wire_bytes=location.size_bytes,
            encode_s=encode_s,
        )

    async def _json_record(self, image: OutgoingImage) -> Record:
        loop, identity = asyncio.get_running_loop(), image.identity
        data = await loop.run_in_executor(self._pool, image.source.block, 0, identity.size_bytes)
        value = await loop.run_in_executor(
            self._pool, encode_json_image, data, image.metadata, identity
        )
        envelope = image.envelope(Kind.JSON, JSON_CODEC, value_digest=digest_of(value))
        return self._lanes.record(self._topics.json, envelope, value)

    async def _send_json(self, record: Record, size: int, decision: Decision) -> Sent:
        """Guide, section 9: the client compresses the batch, as it did before."""
        started = time.perf_counter()
        compression = json_compression(self._settings.kafka_producer)
        acknowledged = await self._lanes.lane(compression).produce(record)
        return Sent(
            decision=decision,
            codec=JSON_CODEC,
            level=compression.level,
            location=(await acknowledged,),
            encoded_bytes=memoryview(record.value).nbytes,
            wire_bytes=size,
            encode_s=time.perf_counter() - started,
        )
