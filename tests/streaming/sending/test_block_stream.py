from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import pytest
import zstandard

from tests.streaming.conftest import picture
from wildfire_bench.compression import Buffer, encoder
from wildfire_bench.errors import InputError
from wildfire_bench.streaming.recycled_memory import FrozenMemory, RecycledMemory
from wildfire_bench.streaming.routing import chunk_places
from wildfire_bench.streaming.sending.block_stream import encode_blocks
from wildfire_bench.streaming.sending.image_source import ImageSource, identify

IMAGE = bytes(range(250)) * 4
PLACES = chunk_places(len(IMAGE), 300)


class Counting:
    """An encoder that stores, and tells how many blocks it was given."""

    name, level = "stored", None

    def __init__(self) -> None:
        self.encoded = 0
        self._lock = threading.Lock()

    def encode(self, block: Buffer, offset_bytes: int) -> Buffer:
        with self._lock:
            self.encoded += 1
        return bytes(block)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


async def payloads(source: ImageSource, pool: ThreadPoolExecutor) -> list[bytes]:
    identity = identify(source, None, "s")
    blocks = encode_blocks(source, identity, PLACES, Counting(), pool, turns=asyncio.Semaphore(2))
    return [bytes(block.payload) async for block in blocks]


async def test_blocks_come_in_order_and_make_up_the_image(pool: ThreadPoolExecutor) -> None:
    with ImageSource(IMAGE, 2_000) as source:
        found = await payloads(source, pool)
    assert [len(payload) for payload in found] == [300, 300, 300, 100]
    assert b"".join(found) == IMAGE


async def test_no_more_blocks_are_worked_on_than_asked_for(pool: ThreadPoolExecutor) -> None:
    counting = Counting()
    with ImageSource(IMAGE, 2_000) as source:
        blocks = encode_blocks(
            source, identify(source, None, "s"), PLACES, counting, pool, turns=asyncio.Semaphore(1)
        )
        async with aclosing(blocks):
            await anext(blocks)
            assert counting.encoded == 1


async def test_an_image_that_changes_after_it_was_identified_is_an_error(
    pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    path = tmp_path / "scene"
    path.write_bytes(IMAGE)
    with ImageSource(path, 2_000) as source:
        identity = identify(source, None, "s")
        path.write_bytes(IMAGE[::-1])
        with pytest.raises(InputError, match="changed while it was sent"):
            async for _ in encode_blocks(
                source, identity, PLACES, Counting(), pool, turns=asyncio.Semaphore(2)
            ):
                pass


async def test_a_bytearray_that_changes_after_it_was_identified_is_an_error(
    pool: ThreadPoolExecutor,
) -> None:
    image = bytearray(IMAGE)
    with ImageSource(memoryview(image).toreadonly(), 2_000) as source:
        identity = identify(source, None, "s")
        image[-1] ^= 1
        with pytest.raises(InputError, match="changed while it was sent"):
            async for _ in encode_blocks(
                source, identity, PLACES, Counting(), pool, turns=asyncio.Semaphore(2)
            ):
                pass


async def test_a_failing_encoder_ends_the_stream_with_its_error(pool: ThreadPoolExecutor) -> None:
    class Failing(Counting):
        def encode(self, block: Buffer, offset_bytes: int) -> Buffer:
            if offset_bytes == 300:
                raise ZeroDivisionError
            return block

    with ImageSource(IMAGE, 2_000) as source:
        identity = identify(source, None, "s")
        with pytest.raises(ZeroDivisionError):
            async for _ in encode_blocks(
                source, identity, PLACES, Failing(), pool, turns=asyncio.Semaphore(4)
            ):
                pass


async def test_images_encoded_at_a_time_share_their_turns_and_take_them_one_by_one(
    pool: ThreadPoolExecutor,
) -> None:
    counting, turns = Counting(), asyncio.Semaphore(3)
    with ImageSource(IMAGE, 2_000) as source:
        identity = identify(source, None, "s")
        async with (
            aclosing(encode_blocks(source, identity, PLACES, counting, pool, turns=turns)) as first,
            aclosing(
                encode_blocks(source, identity, PLACES, counting, pool, turns=turns)
            ) as second,
        ):
            await anext(first)
            late = asyncio.ensure_future(anext(second))
            await asyncio.sleep(0)
            assert turns.locked()
            assert not late.done()
            await anext(first)  # gives a turn back, which goes to who asked first
            await asyncio.wait_for(late, 10)
            assert counting.encoded <= 4


async def test_a_stream_that_is_left_early_gives_its_turns_back(pool: ThreadPoolExecutor) -> None:
    turns = asyncio.Semaphore(2)
    with ImageSource(IMAGE, 2_000) as source:
        identity = identify(source, None, "s")
        blocks = encode_blocks(source, identity, PLACES, Counting(), pool, turns=turns)
        async with aclosing(blocks):
            await anext(blocks)
        await asyncio.wait_for(turns.acquire(), 1)
        await asyncio.wait_for(turns.acquire(), 1)


async def test_payloads_are_moved_to_memory_that_is_used_again_unless_they_are_the_image_itself(
    pool: ThreadPoolExecutor,
) -> None:
    image, memory = bytes(picture(3 << 20)), RecycledMemory()

    async def payload(codec: str) -> memoryview:
        with ImageSource(image, len(image)) as source:
            blocks = encode_blocks(
                source,
                identify(source, None, "s"),
                [(0, len(image))],
                encoder(codec).for_image(image),
                pool,
                turns=asyncio.Semaphore(1),
                memory=memory,
            )
            (block,) = [block async for block in blocks]
        return memoryview(block.payload)

    assert (await payload("stored")).obj is image
    moved = await payload("zstd")
    assert isinstance(moved.obj, FrozenMemory)
    assert zstandard.decompress(moved) == image
