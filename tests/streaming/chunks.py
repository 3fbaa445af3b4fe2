"""Images cut into chunks without a broker, for tests of the pieces that put them together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wildfire_bench.compression import encoder
from wildfire_bench.settings import ConsumerSettings, RoutingSettings, Settings
from wildfire_bench.streaming.binary_serializer import encode_block
from wildfire_bench.streaming.model import BlockPlace, Chunk, Envelope, Kind, RecordPlace
from wildfire_bench.streaming.routing import chunk_places
from wildfire_bench.streaming.sending.image_source import ImageSource, identify

METADATA = {"timestamp": "2025-10-13T10:00:00Z", "satellite": "Landsat-8"}


def chunks_of(
    image: bytes,
    chunk_bytes: int,
    *,
    codec: str = "stored",
    source_id: str = "s",
    replay: str | None = None,
    partition: int | None = 0,
    written_ms: int | None = None,
) -> list[Chunk]:
    """An image as received chunks, in order."""
    with ImageSource(image, len(image)) as source:
        identity = identify(source, METADATA, source_id)
    encode = encoder(codec).for_image(image)
    places = chunk_places(len(image), chunk_bytes)
    chunks = []
    for index, (offset, size) in enumerate(places):
        block = encode_block(encode, image[offset : offset + size], offset)
        place = BlockPlace(index, len(places), offset, size, block.digest)
        about = METADATA if index == 0 else None
        envelope = Envelope(Kind.CHUNK, identity, block.codec, about, place, replay=replay)
        record = None if partition is None else RecordPlace("chunks", partition, index)
        chunks.append(Chunk(envelope, bytes(block.payload), record, written_ms))
    return chunks


def flipped(chunk: Chunk, at: int, mask: int = 1) -> Chunk:
    """The same chunk with one byte of its payload altered."""
    payload = bytearray(chunk.payload)
    payload[at % len(payload)] ^= mask
    return replace(chunk, payload=bytes(payload))


def at(chunk: Chunk, written_ms: int) -> Chunk:
    """The same chunk, written at another time."""
    return replace(chunk, timestamp_ms=written_ms)


def limited(max_image_bytes: int = 1_000_000, **consumer: Any) -> Settings:
    """Settings with small limits of receiving."""
    return Settings(
        routing=RoutingSettings(
            direct_max_bytes=1, chunked_max_bytes=max_image_bytes, max_image_bytes=max_image_bytes
        ),
        kafka_consumer=ConsumerSettings(**consumer),
    )
