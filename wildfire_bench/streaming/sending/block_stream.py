"""An image as a stream of encoded blocks, in order, encoded side by side in threads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor

from wildfire_bench.compression.codec import ImageEncoder
from wildfire_bench.errors import InputError
from wildfire_bench.streaming.binary_serializer import EncodedBlock, encode_block
from wildfire_bench.streaming.envelope.digest import Digest
from wildfire_bench.streaming.model import ImageIdentity
from wildfire_bench.streaming.sending.image_source import ImageSource

__all__ = ["encode_blocks"]


async def encode_blocks(
    source: ImageSource,
    identity: ImageIdentity,
    places: Sequence[tuple[int, int]],
    encoder: ImageEncoder,
    pool: Executor,
    *,
    ahead: int,
) -> AsyncGenerator[EncodedBlock]:
    """Read, encode and digest the blocks of an image.

    Parameters
    ----------
    source, identity
        The image, and what it was when it was identified.
    places
        Offset and size of each block, in bytes, without gaps.
    encoder
        Encodes them.
    pool
        Threads to do it in.
    ahead
        Blocks that are worked on while the caller holds one: the bound on memory.

    Yields
    ------
    EncodedBlock
        In the order of `places`.

    Raises
    ------
    InputError
        After the last block, if the image changed since it was identified.
    """
    loop = asyncio.get_running_loop()
    working: deque[asyncio.Future[tuple[memoryview, EncodedBlock]]] = deque()
    reread = Digest()
    waiting = iter(places)
    try:
        while True:
            while len(working) < ahead and (place := next(waiting, None)) is not None:
                working.append(loop.run_in_executor(pool, _encode, source, place, encoder))
            if not working:
                break
            raw, block = await working.popleft()
            if not source.in_memory:
                reread.update(raw)
            del raw
            yield block
    finally:
        for future in working:
            future.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    if not source.in_memory and str(reread) != identity.digest:
        msg = f"image {identity.image_id} changed while it was sent: send it again"
        raise InputError(msg)


def _encode(
    source: ImageSource, place: tuple[int, int], encoder: ImageEncoder
) -> tuple[memoryview, EncodedBlock]:
    raw = source.block(*place)
    return raw, encode_block(encoder, raw, place[0])
