"""The codec for floating-point rasters: every bit pattern comes back, hostile payloads do not."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcodec import ChunkConfig, standalone

from tests.compression.scenes import images, smooth, tiff
from wildfire_bench.compression import decoder, encoder
from wildfire_bench.compression.segments.container import Kind, segments
from wildfire_bench.errors import CorruptPayload, SettingsError
from wildfire_bench.samples import sample

SCENE = tiff((smooth(90, 80, 2, "<i4") / 7).astype("<f8"))  # quotients: pcodec finds the 7
PAYLOAD = encoder("float").encode(SCENE)


def decode(payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder("float").decode_into(payload, memoryview(out))
    return bytes(out)


@settings(deadline=None, max_examples=80)
@given(image=images())
def test_images_of_every_layout_come_back(image):
    assert decode(encoder("float").encode(image), len(image)) == image


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), dtype=st.sampled_from(("<f4", ">f4", "<f8", ">f8")))
def test_every_bit_pattern_comes_back(seed, dtype):
    bits = np.random.default_rng(seed).bytes(64 * 64 * int(dtype[-1]))
    image = tiff(np.frombuffer(bits, dtype).reshape(64, 64, 1))
    assert decode(encoder("float").encode(image), len(image)) == image


def test_floats_are_coded_as_such():
    assert Kind.FLOATS in {segment.kind for segment in segments(PAYLOAD, len(SCENE))}


def test_floats_that_are_predicted_better_are_predicted():
    image = sample("sentinel-2-ndvi", 4_000_000).data
    payload = encoder("float").for_image(image).encode(image, 0)
    assert Kind.FLOATS not in {segment.kind for segment in segments(payload, len(image))}


def test_integers_are_predicted():
    image = tiff(smooth(90, 80, 2, "<u2"))
    kinds = {segment.kind for segment in segments(encoder("float").encode(image), len(image))}
    assert Kind.PIXELS in kinds


def test_a_real_raster_takes_hardly_more_than_pcodec_alone():
    image = sample("sentinel-2-ndvi", 4_000_000).data
    payload = encoder("float").for_image(image).encode(image, 0)
    samples = np.frombuffer(image[-(len(image) // 4 - 200) * 4 :], "<f4")
    alone = standalone.simple_compress(samples, ChunkConfig(compression_level=8))
    assert len(payload) <= 1.01 * len(alone)


def test_the_predictive_codec_refuses_floats():
    with pytest.raises(CorruptPayload, match="FLOATS"):
        decoder("predictive").decode_into(PAYLOAD, memoryview(bytearray(len(SCENE))))


def test_there_are_no_levels():
    with pytest.raises(SettingsError, match="no levels"):
        encoder("float", 3)


def test_mutated_payloads_are_our_error_or_a_block():
    rng = random.Random(4)
    for _ in range(500):
        payload = bytearray(PAYLOAD)
        for _ in range(rng.randint(1, 3)):
            payload[rng.randrange(400 if rng.random() < 0.6 else len(payload))] = rng.randrange(256)
        try:
            assert len(decode(bytes(payload), len(SCENE))) == len(SCENE)
        except CorruptPayload:
            pass


def floats(*head: int, rest: bytes) -> bytes:
    body = struct.pack("<BBBB", *head) + rest
    return struct.pack("<4sQIBxxxII", b"WFP1", 8, 1, 3, 8, len(body)) + body


ONE = standalone.simple_compress(np.float64([1.5]), ChunkConfig())
GOOD = len(ONE).to_bytes(4, "little") + ONE
HOSTILE = {
    "samples of 2 bytes": floats(2, 0, 1, 0, rest=GOOD),
    "no bands": floats(8, 0, 0, 0, rest=GOOD),
    "an unknown flag": floats(8, 2, 1, 0, rest=GOOD),
    "a reserved byte": floats(8, 0, 1, 1, rest=GOOD),
    "bands that do not fit": floats(8, 0, 3, 0, rest=GOOD),
    "a band past the end": floats(8, 0, 1, 0, rest=b"\xff\xff\0\0" + ONE),
    "no length": floats(8, 0, 1, 0, rest=b"\0"),
    "a tail": floats(8, 0, 1, 0, rest=GOOD + b"!"),
    "numbers of another type": floats(4, 0, 1, 0, rest=GOOD),
    "too few numbers": floats(4, 0, 2, 0, rest=GOOD * 2),
}


def test_the_hostile_payloads_are_built_like_good_ones():
    assert decode(floats(8, 0, 1, 0, rest=GOOD), 8) == struct.pack("<d", 1.5)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_payload_is_refused(what):
    with pytest.raises(CorruptPayload):
        decode(HOSTILE[what], 8)
