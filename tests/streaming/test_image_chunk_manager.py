from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.streaming.chunks import METADATA, at, chunks_of, flipped, limited
from wildfire_bench.compression import codec_names
from wildfire_bench.errors import (
    CorruptData,
    CorruptEnvelope,
    CorruptPayload,
    DigestMismatch,
    ImageTooLarge,
    IncompleteImage,
    NotRunning,
    ReassemblyOverflow,
    UnsupportedFormat,
    UnusableMessage,
)
from wildfire_bench.settings import Settings
from wildfire_bench.streaming import image_chunk_manager as module
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager
from wildfire_bench.streaming.model import Chunk
from wildfire_bench.streaming.receiving.assembly import Assembly

IMAGE, OTHER = bytes(range(256)) * 10, bytes(range(255, -1, -1)) * 10
CHUNKS, OTHERS = chunks_of(IMAGE, 1000), chunks_of(OTHER, 700)
DEADLINE_S = 10.0

Outcome = tuple[memoryview, dict[str, Any]] | None
GivenUp = list[IncompleteImage]


@pytest.fixture
async def manager() -> AsyncIterator[ImageChunkManager]:
    async with ImageChunkManager(Settings()) as running:
        yield running


@pytest.fixture
def given_up() -> GivenUp:
    return []


async def add(manager: ImageChunkManager, chunks: Iterable[Chunk]) -> list[Outcome]:
    return [await manager.add_chunk_for_reassembly(chunk) for chunk in chunks]


def whole(outcomes: Sequence[Outcome]) -> list[bytes]:
    return [bytes(outcome[0]) for outcome in outcomes if outcome is not None]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the manager does on its own."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0)


async def test_the_last_chunk_gives_image_and_metadata(manager: ImageChunkManager) -> None:
    outcomes = await add(manager, CHUNKS)
    assert outcomes == [None, None, (IMAGE, METADATA)]


async def test_interleaved_images_in_any_order_are_told_apart(manager: ImageChunkManager) -> None:
    order = [OTHERS[3], CHUNKS[2], OTHERS[0], CHUNKS[0], OTHERS[2], CHUNKS[1], OTHERS[1]]
    assert whole(await add(manager, order)) == [IMAGE, OTHER]


async def test_duplicates_change_nothing(manager: ImageChunkManager) -> None:
    order = [CHUNKS[0], CHUNKS[0], CHUNKS[1], CHUNKS[0], CHUNKS[2]]
    assert whole(await add(manager, order)) == [IMAGE]


async def test_chunks_added_side_by_side_give_the_image_once(manager: ImageChunkManager) -> None:
    chunks = chunks_of(IMAGE, 50) * 2
    adding = (manager.add_chunk_for_reassembly(chunk) for chunk in chunks)
    assert whole(await asyncio.gather(*adding)) == [IMAGE]


async def test_a_resend_after_the_image_is_whole_begins_anew(manager: ImageChunkManager) -> None:
    assert whole(await add(manager, CHUNKS * 2)) == [IMAGE, IMAGE]


@given(data=st.data(), codec=st.sampled_from(codec_names()))
def test_any_permutation_and_duplication_of_chunks_gives_the_image(
    data: st.DataObject, codec: str
) -> None:
    image = data.draw(st.binary(min_size=1, max_size=200))
    chunks = chunks_of(image, data.draw(st.integers(1, 200)), codec=codec)
    again = data.draw(st.lists(st.sampled_from(chunks), max_size=5))
    order = data.draw(st.permutations(chunks + again))

    async def run() -> list[Outcome]:
        async with ImageChunkManager(Settings()) as manager:
            return await add(manager, order)

    found = whole(asyncio.run(run()))
    assert found
    assert set(found) == {image}


@given(data=st.data(), codec=st.sampled_from(codec_names()))
def test_any_flipped_byte_of_a_payload_is_an_error_and_never_a_wrong_image(
    data: st.DataObject, codec: str
) -> None:
    image = data.draw(st.binary(min_size=1, max_size=200))
    chunks = chunks_of(image, 60, codec=codec)
    which = data.draw(st.integers(0, len(chunks) - 1))
    altered = flipped(chunks[which], data.draw(st.integers(0, 999)), data.draw(st.integers(1, 255)))

    async def run() -> list[Outcome]:
        async with ImageChunkManager(Settings()) as manager:
            await add(manager, chunks[:which])
            try:
                outcome = await manager.add_chunk_for_reassembly(altered)
            except CorruptData:
                return await add(manager, chunks[which:])
            # a byte that says nothing of the content, such as the operating system in gzip's header
            return [outcome, *await add(manager, chunks[which + 1 :])]

    assert whole(asyncio.run(run())) == [image]


@pytest.mark.parametrize("index", range(len(CHUNKS)))
async def test_a_corrupt_chunk_is_an_error_and_may_come_again(
    manager: ImageChunkManager, index: int
) -> None:
    rest = [chunk for chunk in CHUNKS if chunk is not CHUNKS[index]]
    await add(manager, rest)
    with pytest.raises(DigestMismatch, match=f"chunk {index} of"):
        await manager.add_chunk_for_reassembly(flipped(CHUNKS[index], 3))
    assert whole(await add(manager, [CHUNKS[index]])) == [IMAGE]


async def test_a_truncated_chunk_is_an_error(manager: ImageChunkManager) -> None:
    short = replace(CHUNKS[0], payload=CHUNKS[0].payload[:-1])
    with pytest.raises(CorruptPayload):
        await manager.add_chunk_for_reassembly(short)


async def test_good_chunks_that_do_not_make_up_the_image_are_forgotten_with_an_error(
    manager: ImageChunkManager,
) -> None:
    block = replace(CHUNKS[1].block, offset_bytes=900)
    shifted = replace(CHUNKS[1], envelope=replace(CHUNKS[1].envelope, block=block))
    await add(manager, [CHUNKS[0], shifted])
    with pytest.raises(CorruptEnvelope, match="starts at 900"):
        await manager.add_chunk_for_reassembly(CHUNKS[2])
    assert manager.status().in_flight == 0
    assert whole(await add(manager, CHUNKS)) == [IMAGE]


async def test_an_unknown_codec_is_an_error_and_the_image_may_still_come(
    manager: ImageChunkManager,
) -> None:
    unknown = replace(CHUNKS[0], envelope=replace(CHUNKS[0].envelope, codec="lz5"))
    with pytest.raises(UnsupportedFormat, match="lz5"):
        await manager.add_chunk_for_reassembly(unknown)
    assert whole(await add(manager, CHUNKS)) == [IMAGE]


async def test_an_incomplete_image_times_out_in_the_time_of_its_partition(
    given_up: GivenUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPIRE_EVERY_S", 0.001)
    async with ImageChunkManager(Settings(), on_incomplete=given_up.append) as manager:
        await add(manager, [at(CHUNKS[0], 1_000), at(CHUNKS[2], 2_000)])
        await add(manager, [at(OTHERS[0], 302_000)])
        await until(lambda: bool(given_up))
        assert [(error.image_id, error.missing) for error in given_up] == [
            (CHUNKS[0].image_id, (1,))
        ]
        assert manager.status().in_flight == 1


async def test_an_old_backlog_does_not_time_out(
    given_up: GivenUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPIRE_EVERY_S", 0.001)
    expired = asyncio.Event()
    watched = module.Reassembly.expire

    def expire(*arguments: Any) -> tuple[Assembly, ...]:
        expired.set()
        return watched(*arguments)

    monkeypatch.setattr(module.Reassembly, "expire", expire)
    async with ImageChunkManager(Settings(), on_incomplete=given_up.append) as manager:
        await add(manager, [at(CHUNKS[0], 1_000)])
        await asyncio.wait_for(expired.wait(), DEADLINE_S)
        outcomes = await add(manager, [at(CHUNKS[1], 2_000), at(CHUNKS[2], 3_000)])
    assert whole(outcomes) == [IMAGE]
    assert given_up == []


async def test_partitions_have_times_of_their_own(
    given_up: GivenUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPIRE_EVERY_S", 0.001)
    elsewhere = chunks_of(OTHER, 700, partition=1)
    async with ImageChunkManager(Settings(), on_incomplete=given_up.append) as manager:
        await add(manager, [at(CHUNKS[0], 0), at(elsewhere[0], 0)])
        await add(manager, [at(chunk, 400_000) for chunk in elsewhere[1:2]])
        await until(lambda: bool(given_up))
    assert [error.image_id for error in given_up] == [OTHERS[0].image_id]


async def test_the_oldest_image_is_given_up_when_there_is_no_room(
    given_up: GivenUp, tmp_path: Path
) -> None:
    settings = limited(memory_bytes=2560, spill_bytes=1, spill_dir=tmp_path)
    async with ImageChunkManager(settings, on_incomplete=given_up.append) as manager:
        await add(manager, [CHUNKS[0], OTHERS[0]])
        assert [(error.image_id, error.missing) for error in given_up] == [
            (CHUNKS[0].image_id, (1, 2))
        ]
        assert "no room" in str(given_up[0])
        assert whole(await add(manager, OTHERS[1:])) == [OTHER]


async def test_images_past_the_memory_are_put_together_on_disk(tmp_path: Path) -> None:
    settings = limited(memory_bytes=1, spill_bytes=10_000, spill_dir=tmp_path)
    async with ImageChunkManager(settings) as manager:
        await add(manager, [CHUNKS[0]])
        status = manager.status()
        assert (status.held_bytes, status.spilled_bytes) == (0, 2560)
        assert status.images[0].spilled
        assert whole(await add(manager, CHUNKS[1:])) == [IMAGE]


async def test_an_image_that_fits_nowhere_is_refused(tmp_path: Path) -> None:
    settings = limited(memory_bytes=1, spill_bytes=1, spill_dir=tmp_path)
    async with ImageChunkManager(settings) as manager:
        with pytest.raises(ReassemblyOverflow, match="spill_bytes"):
            await manager.add_chunk_for_reassembly(CHUNKS[0])


async def test_an_image_above_the_limit_is_refused() -> None:
    async with ImageChunkManager(limited(max_image_bytes=2559)) as manager:
        with pytest.raises(ImageTooLarge, match=r"2,560 bytes; at most\s2,559"):
            await manager.add_chunk_for_reassembly(CHUNKS[0])


async def test_the_status_names_what_is_missing_and_where_the_rest_lies(
    manager: ImageChunkManager,
) -> None:
    await add(manager, [CHUNKS[2], CHUNKS[0]])
    (image,) = manager.status().images
    assert (image.image_id, image.missing) == (CHUNKS[0].image_id, (1,))
    assert image.places == (CHUNKS[2].place, CHUNKS[0].place)


async def test_a_whole_image_is_no_longer_held(manager: ImageChunkManager) -> None:
    await add(manager, CHUNKS)
    status = manager.status()
    assert (status.in_flight, status.held_bytes) == (0, 0)


async def test_a_cancelled_call_for_the_last_chunk_leaves_nothing_behind(
    manager: ImageChunkManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling, go_on = threading.Event(), threading.Event()
    fill = Assembly.fill

    def slow_fill(assembly: Assembly, chunk: Chunk) -> memoryview | None:
        filling.set()
        go_on.wait(DEADLINE_S)
        return fill(assembly, chunk)

    await add(manager, CHUNKS[:2])
    monkeypatch.setattr(Assembly, "fill", slow_fill)
    last = asyncio.create_task(manager.add_chunk_for_reassembly(CHUNKS[2]))
    await until(filling.is_set)
    last.cancel()
    await asyncio.gather(last, return_exceptions=True)
    go_on.set()
    await until(lambda: manager.status().in_flight == 0)
    assert manager.status().held_bytes == 0
    assert whole(await add(manager, CHUNKS)) == [IMAGE]


async def test_a_copy_that_comes_while_the_first_is_decoded_is_used_if_that_proves_corrupt(
    manager: ImageChunkManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling, go_on = threading.Event(), threading.Event()
    fill = Assembly.fill

    def slow_fill(assembly: Assembly, chunk: Chunk) -> memoryview | None:
        filling.set()
        go_on.wait(DEADLINE_S)
        return fill(assembly, chunk)

    await add(manager, CHUNKS[:2])
    monkeypatch.setattr(Assembly, "fill", slow_fill)
    corrupt = asyncio.create_task(manager.add_chunk_for_reassembly(flipped(CHUNKS[2], 7)))
    await until(filling.is_set)
    good = asyncio.create_task(manager.add_chunk_for_reassembly(CHUNKS[2]))
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(DigestMismatch):
        await corrupt
    assert whole([await good]) == [IMAGE]


async def test_stopping_forgets_what_is_incomplete() -> None:
    manager = ImageChunkManager(Settings())
    async with manager:
        await add(manager, CHUNKS[:1])
    assert manager.status().in_flight == 0
    with pytest.raises(NotRunning, match=r"start\(\)"):
        await manager.add_chunk_for_reassembly(CHUNKS[1])


async def test_what_split_gives_can_be_put_together_again(manager: ImageChunkManager) -> None:
    image = bytes(range(256)) * 1000
    settings = limited().model_copy(
        update={"routing": Settings().routing.model_copy(update={"chunk_bytes": 65_536})}
    )
    async with ImageChunkManager(settings) as splitting:
        outgoing = [chunk async for chunk in splitting.split(image, METADATA, "s")]
    assert len(outgoing) == 4
    received = [manager.deserialize_chunk((chunk.value, chunk.headers)) for chunk in outgoing]
    assert await add(manager, reversed(received)) == [None, None, None, (image, METADATA)]


async def test_headers_may_be_a_mapping(manager: ImageChunkManager) -> None:
    async with ImageChunkManager(limited()) as splitting:
        (sent,) = [chunk async for chunk in splitting.split(b"image", METADATA, "s")]
    chunk = manager.deserialize_chunk((sent.value, dict(sent.headers)))
    assert await add(manager, [chunk]) == [(b"image", METADATA)]


def test_a_value_that_is_not_bytes_is_refused() -> None:
    with pytest.raises(UnusableMessage, match="is bytes, not str"):
        ImageChunkManager.deserialize_chunk(("text", []))


@pytest.mark.parametrize("value", [b"value", bytearray(b"value"), memoryview(b"value")])
def test_the_bare_value_of_the_guide_says_why_it_is_not_enough(value: object) -> None:
    with pytest.raises(UnusableMessage, match=r"travels in the headers.*\(value, headers\)"):
        ImageChunkManager.deserialize_chunk(value)


@pytest.mark.parametrize("message", [None, 7, "text", object(), (1, 2, 3), {}])
def test_what_is_no_message_is_refused(message: object) -> None:
    with pytest.raises(UnusableMessage, match="pass a Kafka message"):
        ImageChunkManager.deserialize_chunk(message)


def test_an_error_that_confluent_gives_as_a_message_is_told_from_a_record() -> None:
    class Error:
        def value(self) -> None: ...

        headers = key = value

        def error(self) -> str:
            return "end of partition"

    with pytest.raises(UnusableMessage, match="end of partition"):
        ImageChunkManager.deserialize_chunk(Error())
