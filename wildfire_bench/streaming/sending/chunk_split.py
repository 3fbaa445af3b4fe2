"""An image cut into chunks: each an independently encoded block under headers of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from wildfire_bench.compression.codec import Buffer, ImageEncoder
from wildfire_bench.streaming.model import BlockPlace, Envelope, ImageIdentity, Kind
from wildfire_bench.streaming.recycled_memory import RecycledMemory
from wildfire_bench.streaming.sending.block_stream import encode_blocks
from wildfire_bench.streaming.sending.image_source import ImageSource
from wildfire_bench.streaming.wire import Headers, write_envelope

__all__ = ["OutgoingChunk", "split_source"]


@dataclass(frozen=True, slots=True)
class OutgoingChunk:
    """One chunk, ready for any Kafka client."""

    key: bytes
    value: Buffer = field(repr=False)
    headers: Headers = field(repr=False)
    encode_s: float
    """Seconds that encoding it took."""


async def split_source(
    source: ImageSource,
    identity: ImageIdentity,
    metadata: Mapping[str, Any] | None,
    *,
    places: Sequence[tuple[int, int]],
    encoder: ImageEncoder,
    pool: Executor,
    turns: asyncio.Semaphore,
    memory: RecycledMemory | None = None,
    key: bytes | None = None,
    replay: str | None = None,
) -> AsyncGenerator[OutgoingChunk]:
    """Cut an identified image at given places; chunk 0 carries the user's metadata.

    Raises
    ------
    InputError
        After the last chunk, if the image changed since it was identified.
    """
    whole = Envelope(Kind.CHUNK, identity, encoder.name, replay=replay)
    blocks = encode_blocks(source, identity, places, encoder, pool, turns=turns, memory=memory)
    async with contextlib.aclosing(blocks):
        index = 0
        async for block in blocks:
            place = BlockPlace(
                index=index,
                count=len(places),
                offset_bytes=places[index][0],
                size_bytes=block.size_bytes,
                digest=block.digest,
            )
            about = dict(metadata or {}) if index == 0 else None
            yield OutgoingChunk(
                key=key or identity.image_id.encode(),
                value=block.payload,
                headers=write_envelope(replace(whole, metadata=about, block=place)),
                encode_s=block.encode_s,
            )
            index += 1
