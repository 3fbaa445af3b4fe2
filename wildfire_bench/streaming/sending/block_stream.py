"""An image as a stream of encoded blocks, in order, encoded side by side in threads."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Self

from wildfire_bench.compression.codec import ImageEncoder
from wildfire_bench.errors import InputError
from wildfire_bench.settings import ProducerSettings
from wildfire_bench.streaming.binary_serializer import EncodedBlock, encode_block
from wildfire_bench.streaming.envelope.digest import Digest
from wildfire_bench.streaming.model import ImageIdentity
from wildfire_bench.streaming.recycled_memory import RecycledMemory
from wildfire_bench.streaming.sending.image_source import ImageSource

__all__ = ["encode_blocks", "encode_turns"]


def encode_turns(producer: ProducerSettings) -> asyncio.Semaphore:
    """Turns for the blocks of all images: one a thread, one that is ready, one on its way out."""
    return asyncio.Semaphore(producer.encode_workers + 2)


async def encode_blocks(
    source: ImageSource,
    identity: ImageIdentity,
    places: Sequence[tuple[int, int]],
    encoder: ImageEncoder,
    pool: Executor,
    *,
    turns: asyncio.Semaphore,
    memory: RecycledMemory | None = None,
) -> AsyncGenerator[EncodedBlock]:
    """Read, encode and digest the blocks of an image.

    Parameters
    ----------
    source, identity
        The image, and what it was when it was identified.
    places
        Offset and size of each block, in bytes, without gaps.
    encoder, pool
        Encodes them, and the threads to do it in.
    turns
        One is held for each block from when it is read until the caller asks for the next: the
        bound on memory, shared by all images that are encoded at a time. Given in order of asking.
    memory
        Payloads are moved there from where the codec put them.

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
    waiting = deque(places)
    with _HeldTurns(turns) as held:
        try:
            while waiting or working:
                while waiting and not (working and turns.locked()):
                    await held.take()
                    work = source, waiting.popleft(), encoder, memory
                    working.append(loop.run_in_executor(pool, _encode, *work))
                raw, block = await working.popleft()
                if not source.immutable:
                    reread.update(raw)
                del raw
                yield block
                del block
                held.give_back()
        finally:
            for future in working:
                future.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    if not source.immutable:
        _check_unchanged(reread, identity)


class _HeldTurns:
    """Turns of one image; none is left held when it ends."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self._held = 0

    async def take(self) -> None:
        await self._turns.acquire()
        self._held += 1

    def give_back(self) -> None:
        self._turns.release()
        self._held -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._held:
            self.give_back()


def _check_unchanged(reread: Digest, identity: ImageIdentity) -> None:
    if str(reread) != identity.digest:
        msg = f"image {identity.image_id} changed while it was sent: send it again"
        raise InputError(msg)


def _encode(
    source: ImageSource,
    place: tuple[int, int],
    encoder: ImageEncoder,
    memory: RecycledMemory | None,
) -> tuple[memoryview, EncodedBlock]:
    raw = source.block(*place)
    block = encode_block(encoder, raw, place[0])
    if memory is not None and memoryview(block.payload).obj is not raw.obj:
        block = replace(block, payload=memory.keep(block.payload))
    return raw, block
