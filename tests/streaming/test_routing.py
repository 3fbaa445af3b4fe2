from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.errors import ImageTooLarge, ObjectStoreNotConfigured
from wildfire_bench.settings import RoutingSettings
from wildfire_bench.streaming.envelope.metadata import MAX_METADATA_BYTES
from wildfire_bench.streaming.model import BlockPlace, Envelope, ImageIdentity, Kind, Route
from wildfire_bench.streaming.routing import (
    ENVELOPE_BYTES,
    MAX_BLOCK_BYTES,
    MIN_CHUNK_BYTES,
    CarryingLimits,
    choose_route,
    chunk_places,
    escalate,
    fitting_block_bytes,
    fitting_chunk_bytes,
)
from wildfire_bench.streaming.sending.image_source import MAX_SOURCE_ID_CHARS
from wildfire_bench.streaming.wire import MAX_CHUNKS, record_bytes, write_envelope

GUIDE = RoutingSettings()
LIMITS = CarryingLimits(20 << 20, 10 << 20, object_store=True)
NO_STORE = CarryingLimits(20 << 20, 10 << 20, object_store=False)
TINY_CHUNKS = CarryingLimits(20 << 20, 32 << 10, object_store=True)


@pytest.mark.parametrize(
    ("size_bytes", "route"),
    [
        (1, Route.DIRECT),
        (19_999_999, Route.DIRECT),
        (20_000_000, Route.DIRECT),
        (20_000_001, Route.CHUNKED),
        (99_999_999, Route.CHUNKED),
        (100_000_000, Route.CHUNKED),
        (100_000_001, Route.REFERENCE),
        (4_000_000_000, Route.REFERENCE),
    ],
)
def test_the_guide_s_thresholds_are_the_last_size_of_the_smaller_route(
    size_bytes: int, route: Route
) -> None:
    assert choose_route(size_bytes, GUIDE, LIMITS).route is route


def test_one_byte_more_than_any_image_may_have_names_the_setting() -> None:
    with pytest.raises(ImageTooLarge, match=r"routing\.max_image_bytes"):
        choose_route(4_000_000_001, GUIDE, LIMITS)


def test_without_an_object_store_the_other_routes_work_and_the_error_names_its_settings() -> None:
    assert choose_route(100_000_000, GUIDE, NO_STORE).route is Route.CHUNKED
    with pytest.raises(ObjectStoreNotConfigured, match=r"S3_ENDPOINT.*S3_ACCESS_KEY"):
        choose_route(100_000_001, GUIDE, NO_STORE)


def test_a_tuned_profile_may_set_other_thresholds() -> None:
    tuned = RoutingSettings(direct_max_bytes=1_000_000, chunked_max_bytes=150_000_000)
    assert choose_route(1_000_001, tuned, LIMITS).route is Route.CHUNKED
    assert choose_route(150_000_000, tuned, LIMITS).route is Route.CHUNKED


def test_a_record_too_large_for_the_binary_topic_goes_in_chunks_and_the_reason_has_figures() -> (
    None
):
    decision = escalate(20_000_000, 20_971_521, GUIDE, LIMITS)
    assert decision.route is Route.CHUNKED
    assert "20,971,521" in decision.reason
    assert "20,971,520" in decision.reason


def test_a_chunk_topic_that_takes_next_to_nothing_sends_by_reference() -> None:
    assert choose_route(30_000_000, GUIDE, TINY_CHUNKS).route is Route.REFERENCE
    assert escalate(20_000_000, 21_000_000, GUIDE, TINY_CHUNKS).route is Route.REFERENCE


def test_chunks_are_cut_smaller_for_a_smaller_topic() -> None:
    small = CarryingLimits(20 << 20, 1 << 20, object_store=False)
    assert MIN_CHUNK_BYTES <= fitting_chunk_bytes(GUIDE, small) < 1 << 20
    assert fitting_chunk_bytes(GUIDE, LIMITS) == GUIDE.chunk_bytes


@given(
    size_bytes=st.integers(1, 4 * 10**9),
    chunk_bytes=st.integers(64 * 1024, 64 * 10**6),
    max_blocks=st.integers(-10, 20_000),
)
def test_blocks_grow_no_more_than_it_takes_to_be_few_enough(
    size_bytes: int, chunk_bytes: int, max_blocks: int
) -> None:
    routing = RoutingSettings(chunk_bytes=chunk_bytes)
    found = fitting_block_bytes(size_bytes, routing, max_blocks)
    if not found:
        assert MAX_BLOCK_BYTES * max_blocks < size_bytes
        return
    assert chunk_bytes <= found <= MAX_BLOCK_BYTES
    assert len(chunk_places(size_bytes, found)) <= max_blocks
    assert found == chunk_bytes or (found // 2) * max_blocks < size_bytes


def test_blocks_grow_no_larger_than_the_settings_allow_chunks() -> None:
    RoutingSettings(chunk_bytes=MAX_BLOCK_BYTES)
    with pytest.raises(ValueError, match="chunk_bytes"):
        RoutingSettings(chunk_bytes=MAX_BLOCK_BYTES + 1)


@given(size_bytes=st.integers(1, 10**9), chunk_bytes=st.integers(64 * 1024, 64 * 10**6))
def test_chunks_tile_the_image(size_bytes: int, chunk_bytes: int) -> None:
    places = chunk_places(size_bytes, chunk_bytes)
    ends = [offset + size for offset, size in places]
    assert [offset for offset, _ in places] == [0, *ends[:-1]]
    assert ends[-1] == size_bytes
    assert all(0 < size <= chunk_bytes for _, size in places)


@pytest.mark.parametrize(("size_bytes", "chunks"), [(4_999_999, 1), (5_000_000, 1), (5_000_001, 2)])
def test_one_byte_more_than_a_chunk_is_two_chunks(size_bytes: int, chunks: int) -> None:
    assert len(chunk_places(size_bytes, 5_000_000)) == chunks


def test_room_is_kept_for_the_largest_envelope_that_a_chunk_can_have() -> None:
    digest = "xxh3-128:" + "f" * 32
    source_id = "\N{MATHEMATICAL SCRIPT CAPITAL X}" * MAX_SOURCE_ID_CHARS
    identity = ImageIdentity(
        "i" * 100,
        source_id,
        10**12,
        digest,
        "application/octet-stream",
        "2025-10-13T10:00:00.123456Z",
    )
    block = BlockPlace(MAX_CHUNKS - 1, MAX_CHUNKS, 10**12, 10**8, digest)
    metadata = {"a": "x" * (MAX_METADATA_BYTES - len('{"a":""}'))}
    envelope = Envelope(Kind.CHUNK, identity, "c" * 32, metadata, block, replay="f" * 32)
    key = source_id.encode()
    assert record_bytes(key, write_envelope(envelope), 0) <= ENVELOPE_BYTES
