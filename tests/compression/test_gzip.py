"""gzip payloads are what every gzip tool reads and writes."""

from __future__ import annotations

import gzip as stdlib_gzip

import pytest

from wildfire_bench.compression import decoder, encoder
from wildfire_bench.compression.gzip import MAX_LEVEL, MIN_LEVEL
from wildfire_bench.errors import CorruptPayload, SettingsError

BLOCK = b"smoke plume " * 500


def test_any_gzip_tool_reads_it():
    assert stdlib_gzip.decompress(encoder("gzip").encode(BLOCK)) == BLOCK


def test_it_reads_what_gzip_tools_write():
    out = memoryview(bytearray(len(BLOCK)))
    decoder("gzip").decode_into(stdlib_gzip.compress(BLOCK), out)
    assert out == BLOCK


def test_the_time_stamp_is_zero():
    assert encoder("gzip").encode(BLOCK)[4:8] == bytes(4)


def test_blocks_beyond_one_step_come_back():
    block = bytes(range(256)) * 20_000
    out = memoryview(bytearray(len(block)))
    decoder("gzip").decode_into(encoder("gzip", 1).encode(block), out)
    assert out == block


def test_a_wrong_checksum_is_refused():
    payload = bytearray(encoder("gzip").encode(BLOCK))
    payload[-8] ^= 1
    with pytest.raises(CorruptPayload, match="inflated"):
        decoder("gzip").decode_into(payload, memoryview(bytearray(len(BLOCK))))


def test_a_lying_size_in_the_trailer_is_refused_after_what_was_announced():
    payload = bytearray(encoder("gzip").encode(bytes(32 << 20)))
    payload[-4:] = (1000).to_bytes(4, "little")
    with pytest.raises(CorruptPayload, match="more than the 1,000 bytes"):
        decoder("gzip").decode_into(payload, memoryview(bytearray(1000)))


@pytest.mark.parametrize("level", [MIN_LEVEL - 1, MAX_LEVEL + 1])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(SettingsError, match="1 to 9"):
        encoder("gzip", level)
