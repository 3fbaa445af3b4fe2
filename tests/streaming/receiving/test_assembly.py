from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.streaming.chunks import METADATA, chunks_of, flipped
from wildfire_bench.errors import CorruptEnvelope, DigestMismatch
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.model import Chunk
from wildfire_bench.streaming.receiving.assembly import Assembly
from wildfire_bench.streaming.receiving.image_buffer import BufferBudget

IMAGE = bytes(range(256)) * 10
CHUNKS = chunks_of(IMAGE, 1000)


def assembly_for(chunk: Chunk) -> Assembly:
    size = chunk.envelope.identity.size_bytes
    buffer = BufferBudget(size, 0).allocate(size)
    assert buffer is not None
    return Assembly(chunk, buffer, first_ms=0.0)


def assemble(chunks: list[Chunk]) -> memoryview | None:
    assembly = assembly_for(chunks[0])
    for chunk in chunks:
        assert assembly.claim(chunk)
    return [assembly.fill(chunk) for chunk in chunks][-1]


def test_the_last_chunk_to_be_filled_gives_the_image_read_only() -> None:
    image = assemble([CHUNKS[2], CHUNKS[0], CHUNKS[1]])
    assert image == IMAGE
    assert image is not None
    assert image.readonly


def test_a_chunk_is_claimed_once() -> None:
    assembly = assembly_for(CHUNKS[0])
    assert [assembly.claim(CHUNKS[0]), assembly.claim(CHUNKS[0])] == [True, False]


def test_a_chunk_that_cannot_be_used_counts_as_missing_again() -> None:
    assembly = assembly_for(CHUNKS[0])
    assembly.claim(CHUNKS[1])
    with pytest.raises(DigestMismatch):
        assembly.fill(flipped(CHUNKS[1], 7))
    assert assembly.missing == (0, 1, 2)
    assert assembly.claim(CHUNKS[1])


@pytest.mark.parametrize("field", ["size_bytes", "digest", "media_type", "acquired", "source_id"])
def test_a_chunk_that_says_otherwise_of_the_image_is_an_error(field: str) -> None:
    assembly = assembly_for(CHUNKS[0])
    other = 9 if field == "size_bytes" else "other"
    identity = replace(CHUNKS[1].envelope.identity, **{field: other})
    contradicting = replace(CHUNKS[1], envelope=replace(CHUNKS[1].envelope, identity=identity))
    with pytest.raises(CorruptEnvelope, match=r"chunk 1 of .* contradicts"):
        assembly.claim(contradicting)


def moved(chunk: Chunk, **where: object) -> Chunk:
    block = replace(chunk.block, **where)  # type: ignore[arg-type]
    return replace(chunk, envelope=replace(chunk.envelope, block=block))


def test_chunks_that_overlap_are_an_error() -> None:
    with pytest.raises(CorruptEnvelope, match=r"chunk 1 of .* starts at 900, not 1000"):
        assemble([CHUNKS[0], moved(CHUNKS[1], offset_bytes=900), CHUNKS[2]])


def test_chunks_that_leave_the_end_open_are_an_error() -> None:
    short = CHUNKS[2].payload[:500]
    last = replace(moved(CHUNKS[2], size_bytes=500, digest=digest_of(short)), payload=short)
    with pytest.raises(CorruptEnvelope, match="hold 2500 of 2560 bytes"):
        assemble([CHUNKS[0], CHUNKS[1], last])


def test_good_chunks_of_another_image_are_an_error() -> None:
    other = CHUNKS[1].payload[::-1]
    foreign = replace(moved(CHUNKS[1], digest=digest_of(other)), payload=other)
    with pytest.raises(DigestMismatch, match="image"):
        assemble([CHUNKS[0], foreign, CHUNKS[2]])


def test_what_a_bad_chunk_wrote_over_good_ones_does_not_go_unnoticed() -> None:
    assembly = assembly_for(CHUNKS[0])
    assembly.claim(CHUNKS[0])
    assembly.fill(CHUNKS[0])  # digested by now
    astray = flipped(moved(CHUNKS[1], offset_bytes=0), 7)
    assembly.claim(astray)
    with pytest.raises(DigestMismatch, match="chunk 1"):
        assembly.fill(astray)
    for chunk in CHUNKS[1:]:
        assert assembly.claim(chunk)
    assembly.fill(CHUNKS[1])
    with pytest.raises(DigestMismatch, match=r"image .* was altered"):
        assembly.fill(CHUNKS[2])
    assert assembly.broken


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_whole_is_verified_in_whatever_order_the_chunks_come(order: tuple[int, ...]) -> None:
    other = replace(CHUNKS[0].envelope.identity, digest=digest_of(b"another image"))
    lying = [replace(one, envelope=replace(one.envelope, identity=other)) for one in CHUNKS]
    assert assemble([CHUNKS[index] for index in order]) == IMAGE
    with pytest.raises(DigestMismatch, match=r"image .* was altered"):
        assemble([lying[index] for index in order])


def test_chunks_decoded_side_by_side_make_one_image() -> None:
    image = np.random.default_rng(7).integers(0, 255, 3_000_000, np.uint8).tobytes()
    chunks = chunks_of(image, 100_000)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            assembly = assembly_for(chunks[0])
            for chunk in chunks:
                assembly.claim(chunk)
            (whole,) = [found for found in pool.map(assembly.fill, chunks) if found is not None]
            assert whole == image


def test_the_state_says_what_is_here_and_what_is_missing() -> None:
    assembly = assembly_for(CHUNKS[2])
    assembly.claim(CHUNKS[2])
    state = assembly.state(now_ms=2500.0)
    assert (state.chunks, state.received, state.missing) == (3, 1, (0, 1))
    assert (state.received_bytes, state.size_bytes, state.age_s) == (560, 2560, 2.5)
    assert state.places == (CHUNKS[2].place,)


def test_metadata_comes_with_chunk_0() -> None:
    assembly = assembly_for(CHUNKS[1])
    assembly.claim(CHUNKS[1])
    assert assembly.metadata == {}
    assembly.claim(CHUNKS[0])
    assert assembly.metadata == METADATA
