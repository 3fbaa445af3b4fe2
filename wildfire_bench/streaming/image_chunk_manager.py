"""ImageChunkManager: images into chunks and back, with any Kafka client (guide, section 4)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import IncompleteImage, NotRunning, UnusableMessage
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.envelope.header_reader import headers_of
from wildfire_bench.streaming.model import Chunk, Kind, RecordPlace
from wildfire_bench.streaming.receiving.assembly import Assembly, ReassemblyState
from wildfire_bench.streaming.receiving.reassembly import (
    Admission,
    PartitionClock,
    Reassembly,
    ReassemblyStatus,
)
from wildfire_bench.streaming.routing import chunk_places
from wildfire_bench.streaming.sending.block_stream import encode_turns
from wildfire_bench.streaming.sending.chunk_split import OutgoingChunk, split_source
from wildfire_bench.streaming.sending.image_source import ImageData, ImageSource, identify
from wildfire_bench.streaming.start_stop import StartStop
from wildfire_bench.streaming.wire import read_envelope

__all__ = ["ImageChunkManager", "OutgoingChunk"]

log = logging.getLogger(__name__)

EXPIRE_EVERY_S = 1.0


class ImageChunkManager(StartStop):
    """Splits images and puts them together again; use it as ``async with``.

    Chunks may come in any order, interleaved with those of other images, and more than once. An
    incomplete image is given up after `settings.kafka_consumer.reassembly_timeout_s` in the time
    of its partition, and when there is no room for newer ones; both are told to `on_incomplete`.
    Offsets are the caller's matter here: `SatelliteImageConsumer` takes care of them too.

    Parameters
    ----------
    settings
        Limits; None reads ``streaming_config.yaml`` and the environment.
    on_incomplete
        Called, in the event loop, with the error that tells which chunks of an image are missing;
        None logs it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        on_incomplete: Callable[[IncompleteImage], None] | None = None,
    ) -> None:
        self.settings = settings or load_settings().settings
        self._on_incomplete = on_incomplete or _log_incomplete
        self._reassembly = Reassembly(self.settings.kafka_consumer, self.settings.routing)
        self._clocks: dict[Hashable, PartitionClock] = {}
        self._filling: dict[tuple[Assembly, int], asyncio.Future[memoryview | None]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._expiry: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch for incomplete images."""
        if self._pool is None:
            workers = self.settings.kafka_consumer.decode_workers
            self._pool = ThreadPoolExecutor(workers, thread_name_prefix="chunks")
            self._expiry = asyncio.get_running_loop().create_task(self._expire_regularly())
            log.info("Image chunk manager initialized")

    async def stop(self) -> None:
        """Forget what is incomplete."""
        expiry, self._expiry = self._expiry, None
        if expiry is not None:
            expiry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await expiry
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        for scope in tuple(self._clocks):
            self._reassembly.drop_scope(scope)
        self._clocks.clear()

    async def split(
        self,
        image_data: ImageData,
        metadata: Mapping[str, Any] | None = None,
        source_id: str = "unknown",
    ) -> AsyncGenerator[OutgoingChunk]:
        """Cut an image into chunks of ``routing.chunk_bytes``, each encoded on its own.

        Yields
        ------
        OutgoingChunk
            In order, while the next ones are being encoded.

        Raises
        ------
        InputError
            If image or metadata cannot be used.
        """
        pool, loop = self._running(), asyncio.get_running_loop()
        max_bytes = self.settings.routing.max_image_bytes
        codec = choose_codec(DataType.SATELLITE_IMAGERY, self.settings)
        with await loop.run_in_executor(pool, ImageSource, image_data, max_bytes) as source:
            identity = await loop.run_in_executor(pool, identify, source, metadata, source_id)
            encoder = await loop.run_in_executor(pool, source.encoder_of, codec)
            chunks = split_source(
                source,
                identity,
                metadata,
                places=chunk_places(identity.size_bytes, self.settings.routing.chunk_bytes),
                encoder=encoder,
                pool=pool,
                turns=encode_turns(self.settings.kafka_producer),
            )
            async with contextlib.aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    @staticmethod
    def deserialize_chunk(message: Any) -> Chunk:
        """Read a chunk off a message.

        Parameters
        ----------
        message
            Of confluent-kafka or aiokafka (or alike), or the pair ``(value, headers)`` with the
            headers as pairs or as a mapping.

        Raises
        ------
        UnusableMessage
            For a bare value, as in the guide's section 4: what says where the bytes belong
            travels in the headers. Or if the message is no chunk.
        CorruptEnvelope
            If its headers are missing, malformed or altered.
        UnsupportedFormat
            If it was written by a newer version.
        """
        value, headers, key, place, timestamp_ms = _parts(message)
        envelope = read_envelope(headers, key)
        if envelope.kind is not Kind.CHUNK:
            msg = f"message is a {envelope.kind.value}, not a chunk"
            raise UnusableMessage(msg)
        return Chunk(envelope, value, place, timestamp_ms)

    async def add_chunk_for_reassembly(
        self, chunk: Chunk
    ) -> tuple[memoryview, dict[str, Any]] | None:
        """Take a chunk in.

        Returns
        -------
        tuple of (memoryview, dict) or None
            Image and metadata when this was the last chunk, verified against the digest that the
            image was sent with; None while chunks are missing, and for duplicates.

        Raises
        ------
        CorruptPayload, DigestMismatch
            If the chunk is not what was sent; it counts as missing then.
        CorruptEnvelope
            If it contradicts the chunks before it.
        ImageTooLarge, ReassemblyOverflow
            If its image is larger than allowed, or there is no room for it.
        """
        pool = self._running()
        while True:
            admission = self._admit(chunk)
            assembly, index = admission.assembly, chunk.block.index
            if admission.fresh:
                break
            first = self._filling.get((assembly, index))
            if first is None:
                return None
            await asyncio.wait([first])  # it may prove corrupt, and then this copy is needed
            if first.cancelled() or first.exception() is None or assembly.broken:
                return None
        filling = asyncio.get_running_loop().run_in_executor(pool, assembly.fill, chunk)
        self._filling[assembly, index] = filling
        filling.add_done_callback(partial(self._filled, assembly, index))
        data = await asyncio.shield(filling)  # a caller that gives up must not stop it half-way
        return None if data is None else (data, dict(assembly.metadata))

    def status(self, max_images: int | None = None) -> ReassemblyStatus:
        """What is being put together now; with `max_images` only so many are listed."""
        return self._reassembly.status(lambda scope: self._clocks[scope].now_ms(), max_images)

    def find(self, image_id: str) -> tuple[ReassemblyState, ...]:
        """How far one image is: empty when it is not being put together."""
        return self._reassembly.find(image_id, lambda scope: self._clocks[scope].now_ms())

    def _admit(self, chunk: Chunk) -> Admission:
        scope = _scope(chunk)
        clock = self._clocks.setdefault(scope, PartitionClock())
        clock.observe(chunk.timestamp_ms)
        clock.at_end()  # nobody tells where the partition ends: the local clock always counts
        try:
            return self._reassembly.admit(chunk, scope, clock.now_ms())
        finally:
            for assembly in self._reassembly.take_evicted():
                self._give_up(assembly, "there is no room for it beside newer ones")

    def _filled(
        self, assembly: Assembly, index: int, filling: asyncio.Future[memoryview | None]
    ) -> None:
        """Forget an image that is whole or broken, also when its caller was cancelled."""
        self._filling.pop((assembly, index), None)
        failed = filling.cancelled() or filling.exception() is not None
        if assembly.broken if failed else filling.result() is not None:
            self._reassembly.forget(assembly)

    async def _expire_regularly(self) -> None:
        while True:
            await asyncio.sleep(EXPIRE_EVERY_S)
            for scope, clock in tuple(self._clocks.items()):
                for assembly in self._reassembly.expire(scope, clock.now_ms()):
                    limit_s = self.settings.kafka_consumer.reassembly_timeout_s
                    self._give_up(assembly, f"it is older than {limit_s:g} s")

    def _give_up(self, assembly: Assembly, why: str) -> None:
        missing = assembly.missing
        msg = (
            f"image {assembly.image_id} is incomplete ({len(missing)} of {assembly.count} chunks "
            f"missing) and {why}"
        )
        try:
            self._on_incomplete(IncompleteImage(msg, image_id=assembly.image_id, missing=missing))
        except Exception:
            log.exception("on_incomplete failed for image %s", assembly.image_id)

    def _running(self) -> ThreadPoolExecutor:
        if self._pool is None:
            msg = "the chunk manager is not running: call start(), or use `async with`"
            raise NotRunning(msg)
        return self._pool


def _log_incomplete(error: IncompleteImage) -> None:
    log.error("%s", error)


def _scope(chunk: Chunk) -> Hashable:
    return None if chunk.place is None else (chunk.place.topic, chunk.place.partition)


def _parts(
    message: Any,
) -> tuple[bytes, Any, bytes | None, RecordPlace | None, int | None]:
    """Value, headers, key, place and time stamp, whatever the client calls them."""
    if isinstance(message, bytes | bytearray | memoryview):
        msg = (
            "a bare value is not enough: where its bytes belong travels in the headers. Pass the "
            "whole message, or (value, headers)"
        )
        raise UnusableMessage(msg)
    if isinstance(message, tuple) and len(message) == 2:
        value, headers = message
        if isinstance(headers, Mapping):
            headers = tuple(headers.items())
        return _require_bytes(value), headers, None, None, None
    read = (lambda part: part() if callable(part) else part) if message is not None else None
    if read is None or not all(hasattr(message, name) for name in ("value", "headers", "key")):
        msg = f"cannot read a chunk off {type(message).__name__}: pass a Kafka message"
        raise UnusableMessage(msg)
    error = read(getattr(message, "error", None))
    if error is not None:  # confluent-kafka: poll() gives errors as messages
        msg = f"message is an error of the client, not a record: {error}"
        raise UnusableMessage(msg)
    timestamp = read(message.timestamp)
    if isinstance(timestamp, tuple):  # confluent-kafka: (kind, milliseconds), kind 0 is none
        timestamp = timestamp[1] if timestamp[0] else None
    place = RecordPlace(read(message.topic), read(message.partition), read(message.offset))
    headers = headers_of(message) if callable(message.headers) else message.headers
    return _require_bytes(read(message.value)), headers, read(message.key), place, timestamp


def _require_bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if not isinstance(value, bytes | bytearray | memoryview):
        msg = f"the value of a chunk is bytes, not {type(value).__name__}: pass it as it came"
        raise UnusableMessage(msg)
    return cast("bytes", value)
