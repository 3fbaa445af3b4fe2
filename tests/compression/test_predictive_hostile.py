"""Payloads made to mislead the pixel-aware decoder are refused."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from wildfire_bench.compression import decoder
from wildfire_bench.compression.pixel_loops import Engine
from wildfire_bench.compression.pixel_loops.numba_engine import NumbaEngine
from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine
from wildfire_bench.compression.segments.pixel_segment import decode_pixels
from wildfire_bench.errors import CorruptPayload


def decode(payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder("predictive").decode_into(payload, memoryview(out))
    return bytes(out)


def container(*pieces: tuple[int, int, bytes], size_bytes: int) -> bytes:
    head = struct.pack("<4sQI", b"WFP1", size_bytes, len(pieces))
    return head + b"".join(
        struct.pack("<BxxxII", kind, decoded, len(body)) + body for kind, decoded, body in pieces
    )


def pixel_body(*head: int, rest: bytes = b"") -> bytes:
    return struct.pack("<BBBBII", *head) + rest


def sorted_body(
    cuts: tuple[int, ...] = (9,) * 7, counts: tuple[int, ...] = (8, 0, 0, 0, 0, 0, 0, 0)
) -> bytes:
    return pixel_body(1, 4, 1, 1, 8, 1, rest=b"\0\0" + struct.pack("<7H8II", *cuts, *counts, 0))


HOSTILE = {
    "an empty payload": b"",
    "another magic": b"WFP2" + bytes(12),
    "another size": container((0, 5, b"12345"), size_bytes=5),
    "too little": container((0, 4, b"1234"), size_bytes=8),
    "too much": container((0, 9, b"123456789"), size_bytes=8),
    "an unknown kind": container((9, 8, b"12345678"), size_bytes=8),
    "an empty segment": container((0, 0, b""), (0, 8, b"12345678"), size_bytes=8),
    "a stored segment of another length": container((0, 8, b"1234567"), size_bytes=8),
    "a reserved byte": container((0, 8, b"12345678"), size_bytes=8).replace(
        b"\0\0\0\0\x08\0\0\0\x08", b"\0\0\1\0\x08\0\0\0\x08"
    ),
    "four billion segments": struct.pack("<4sQI", b"WFP1", 8, 0xFFFFFFFF),
    "a tail": container((0, 8, b"12345678"), size_bytes=8) + b"!",
    "pixels of 3 bytes": container(
        (2, 8, pixel_body(3, 0, 1, 1, 8, 1, rest=bytes(20))), size_bytes=8
    ),
    "pixels without rows": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 0, rest=bytes(20))), size_bytes=8
    ),
    "pixels without end": container(
        (2, 8, pixel_body(1, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, rest=bytes(20))), size_bytes=8
    ),
    "an unknown predictor": container(
        (2, 8, pixel_body(1, 0, 1, 9, 8, 1, rest=bytes(6))), size_bytes=8
    ),
    "an unknown flag": container((2, 8, pixel_body(1, 4, 1, 1, 8, 1, rest=bytes(6))), size_bytes=8),
    "no bands": container((2, 8, pixel_body(1, 0, 0, 1, 8, 1, rest=bytes(6))), size_bytes=8),
    "three low bits": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=b"\3" + bytes(20))), size_bytes=8
    ),
    "a blend in the first band": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=b"\0\1" + bytes(4))), size_bytes=8
    ),
    "a plane past the end": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=b"\0\0\xff\xff\xff\xff")), size_bytes=8
    ),
    "weights cut off": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=b"\0\4\1\1")), size_bytes=8
    ),
    "another blend than weights in the first band": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=b"\0\3" + bytes(4))), size_bytes=8
    ),
    "a sorted plane cut off": container(
        (2, 8, pixel_body(1, 4, 1, 1, 8, 1, rest=b"\0\0" + bytes(49))), size_bytes=8
    ),
    "contexts of another size": container(
        (2, 8, sorted_body(counts=(9, 0, 0, 0, 0, 0, 0, 0))), size_bytes=8
    ),
    "contexts of four billion": container(
        (2, 8, sorted_body(counts=(0xFFFFFFFF,) * 8)), size_bytes=8
    ),
    "contexts that do not occur": container(
        (2, 8, sorted_body(counts=(0, 8, 0, 0, 0, 0, 0, 0))), size_bytes=8
    ),
    "cuts that descend": container((2, 8, sorted_body(cuts=(9, 8, 9, 9, 9, 9, 9))), size_bytes=8),
    "a byte after the planes": container(
        (2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=bytes(7))), size_bytes=8
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_payload_is_refused(what):
    with pytest.raises(CorruptPayload):
        decode(HOSTILE[what], 8)


def test_the_hostile_payloads_are_built_like_good_ones():
    good = container((2, 8, pixel_body(1, 0, 1, 1, 8, 1, rest=bytes(6))), size_bytes=8)
    assert decode(good, 8) == bytes(8)


def test_the_hostile_sorted_planes_are_built_like_good_ones():
    assert decode(container((2, 8, sorted_body()), size_bytes=8), 8) == bytes(8)


def test_more_pixels_than_a_segment_may_hold_are_refused():
    size = (8 << 20) + 1
    payload = container((2, size, pixel_body(1, 0, 1, 1, size, 1, rest=bytes(6))), size_bytes=size)
    with pytest.raises(CorruptPayload, match="are allowed"):
        decode(payload, size)


def held_to_decode(body: bytes, size_bytes: int, engine: Engine) -> float:
    """Memory at most held, as a multiple of the segment, in a thread that has decoded nothing."""

    def peak() -> int:
        tracemalloc.start()
        decode_pixels(memoryview(body), memoryview(bytearray(size_bytes)), engine)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak_bytes

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(peak).result() / size_bytes


def test_a_segment_of_one_long_row_takes_no_more_memory_than_is_documented():
    size = 1 << 20
    contexts = struct.pack("<7H8II", *(9,) * 7, size, *(0,) * 7, 0)
    body = pixel_body(1, 4, 1, 4, size, 1, rest=b"\0\4" + bytes(5) + contexts)
    assert held_to_decode(body, size, NumbaEngine()) < 20


@pytest.mark.parametrize("engine", [NumbaEngine, NumpyEngine])
def test_a_segment_of_many_short_rows_takes_memory_in_proportion(engine: Callable[[], Engine]):
    size = 1 << 14
    body = pixel_body(1, 0, 1, 4, 1, size, rest=b"\0\0" + bytes(4))
    assert held_to_decode(body, size, engine()) < 40
