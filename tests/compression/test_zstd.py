"""zstd payloads are exactly one frame that every zstd tool reads."""

from __future__ import annotations

import time

import pytest
import zstandard

from wildfire_bench.compression import decoder, encoder
from wildfire_bench.errors import CorruptPayload, SettingsError

BLOCK = b"smoke plume " * 500


def decode(payload: bytes, size_bytes: int = len(BLOCK)) -> bytes:
    out = bytearray(size_bytes)
    decoder("zstd").decode_into(payload, memoryview(out))
    return bytes(out)


@pytest.mark.parametrize("level", [-7, -1, 1, 3, 6, 19, 22])
def test_any_zstd_tool_reads_every_level(level):
    payload = encoder("zstd", level).encode(BLOCK)
    assert zstandard.ZstdDecompressor().decompress(payload, allow_extra_data=False) == BLOCK


def test_the_frame_states_its_content_size():
    assert zstandard.frame_content_size(encoder("zstd").encode(BLOCK)) == len(BLOCK)


def test_a_frame_with_a_checksum_is_read():
    frame = zstandard.ZstdCompressor(write_checksum=True).compress(BLOCK)
    assert decode(frame) == BLOCK


def test_a_wrong_checksum_is_refused():
    frame = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(BLOCK))
    frame[-1] ^= 1
    with pytest.raises(CorruptPayload):
        decode(bytes(frame))


def test_a_frame_without_content_size_is_refused():
    stream = zstandard.ZstdCompressor().compressobj()
    frame = stream.compress(BLOCK) + stream.flush()
    with pytest.raises(CorruptPayload, match="no content size"):
        decode(frame)


def test_a_skippable_frame_is_refused():
    with pytest.raises(CorruptPayload, match="begin with a frame"):
        decode(b"\x50\x2a\x4d\x18" + bytes(4), 0)


def test_a_frame_for_a_dictionary_is_refused():
    dictionary = zstandard.ZstdCompressionDict(b"smoke" * 40, zstandard.DICT_TYPE_RAWCONTENT)
    plain = zstandard.ZstdCompressor(dict_data=dictionary).compress(BLOCK)
    assert zstandard.get_frame_parameters(plain).dict_id == 0
    named = bytearray(plain)
    named[4] |= 1  # one byte of dictionary id follows the descriptor
    named.insert(5, 9)
    with pytest.raises(CorruptPayload, match="dictionary 9"):
        decode(bytes(named))


def test_a_skippable_frame_behind_is_refused():
    with pytest.raises(CorruptPayload, match="bytes long"):
        decode(encoder("zstd").encode(BLOCK) + b"\x50\x2a\x4d\x18" + bytes(4))


def test_millions_of_empty_blocks_are_refused_at_once():
    header = b"\x28\xb5\x2f\xfd\xa0" + (1000).to_bytes(4, "little")
    started = time.perf_counter()
    with pytest.raises(CorruptPayload, match="absurd number"):
        decode(header + bytes(30_000_000) + b"\x01\x00\x00", 1000)
    assert time.perf_counter() - started < 5  # the walk over all of them takes far longer


def test_a_giant_window_is_not_allocated():
    frame = bytearray(encoder("zstd").encode(bytes(4_000_000)))
    frame[5] = 0xA8  # the window descriptor: 2 GiB
    assert zstandard.get_frame_parameters(bytes(frame)).window_size == 2 << 30
    assert decode(bytes(frame), 4_000_000) == bytes(4_000_000)


@pytest.mark.parametrize("level", [-8, 0, 23])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(SettingsError, match=r"1\.\.22"):
        encoder("zstd", level)
