"""Records put on topics by hand: altered, dropped, doubled, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from confluent_kafka import Producer

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class RawRecord:
    """Key, value and headers as they will lie there."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def flipped_value(self, at: int) -> RawRecord:
        """The same with one bit of its value flipped."""
        value = bytearray(self.value)
        value[at % len(value)] ^= 1
        return replace(self, value=bytes(value))

    def flipped_header(self, which: int, at: int) -> RawRecord:
        """The same with one bit of one header's value flipped."""
        headers = list(self.headers)
        name, value = headers[which % len(headers)]
        flipped = bytearray(value)
        flipped[at % len(flipped)] ^= 1
        headers[which % len(headers)] = (name, bytes(flipped))
        return replace(self, headers=tuple(headers))


async def chunks_of(settings: Settings, image: bytes, source_id: str = "s") -> list[RawRecord]:
    """The chunks of an image, 64 KiB each."""
    routing = settings.routing.model_copy(update={"chunk_bytes": CHUNK_BYTES})
    small = settings.model_copy(update={"routing": routing})
    async with ImageChunkManager(small) as manager:
        return [
            RawRecord(chunk.key, bytes(chunk.value), tuple(chunk.headers))
            async for chunk in manager.split(image, {"n": 1}, source_id)
        ]


def put(settings: Settings, topic: str, records: Iterable[RawRecord]) -> None:
    """Write records in this order and wait until they are acknowledged."""
    failures: list[str] = []
    producer = Producer({**client_config(settings.kafka), "partitioner": "murmur2_random"})
    for record in records:
        producer.produce(
            topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            on_delivery=lambda error, _: failures.append(str(error)) if error else None,
        )
        producer.poll(0)
    left = producer.flush(30)
    if left or failures:
        msg = f"{left} records left, failures: {failures}"
        raise RuntimeError(msg)


def interleaved(*images: Sequence[RawRecord]) -> list[RawRecord]:
    """One chunk of each in turn."""
    longest = max(map(len, images))
    return [image[n] for n in range(longest) for image in images if n < len(image)]
