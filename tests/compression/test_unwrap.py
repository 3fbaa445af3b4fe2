"""LZW TIFFs are coded by their pixels and come back to the byte."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compression.scenes import lzw_tiff, smooth, tiff
from wildfire_bench.compression import decoder, encoder
from wildfire_bench.compression.segments.container import Kind, segments
from wildfire_bench.compression.segments.lzw import lzw_decode, lzw_encode
from wildfire_bench.errors import CorruptPayload, SettingsError
from wildfire_bench.samples import sample


def decode(payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder("unwrap").decode_into(payload, memoryview(out))
    return bytes(out)


SCENE = lzw_tiff(smooth(150, 120, 1, "<u2"), 2)
PAYLOAD = encoder("unwrap").encode(SCENE)
FORMS = [("u1", 1), ("u1", 3), ("<u2", 1)]


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize(("dtype", "bands"), FORMS)
def test_a_file_of_libtiff_comes_back(dtype, bands, predictor):
    image = lzw_tiff(smooth(200, 170, bands, dtype), predictor)
    payload = encoder("unwrap").encode(image)
    assert decode(payload, len(image)) == image


@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize(("dtype", "bands"), FORMS)
def test_its_pixels_are_what_is_coded(dtype, bands, predictor):
    image = lzw_tiff(smooth(200, 170, bands, dtype), predictor)
    kinds = {s.kind for s in segments(encoder("unwrap").encode(image), len(image))}
    assert Kind.LZW in kinds


def test_a_real_band_takes_at_most_60_percent_of_its_file():
    with tifffile.TiffFile(io.BytesIO(sample("sentinel-2").data)) as file:
        band = file.asarray()[:600, :, 3:]
    image = lzw_tiff(band)
    assert len(encoder("unwrap").for_image(image).encode(image, 0)) <= 0.6 * len(image)


@pytest.mark.parametrize(
    ("predictor", "level", "share"), [(1, 1, 0.57), (1, 2, 0.563), (2, 1, 0.664), (2, 2, 0.655)]
)
def test_landsat_bands_take_such_a_share_of_their_files(predictor, level, share):
    with tifffile.TiffFile(io.BytesIO(sample("landsat-8").data)) as file:
        bands = np.moveaxis(file.asarray()[:600], -1, 0)
    files = [lzw_tiff(band[..., None], predictor) for band in bands]
    coder = encoder("unwrap", level)
    coded = sum(len(coder.for_image(image).encode(image, 0)) for image in files)
    assert share - 0.01 < coded / sum(map(len, files)) < share


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_blocks_come_back_wherever_the_file_is_cut(data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(SCENE)), max_size=2)))
    coder = encoder("unwrap").for_image(SCENE)
    for start, stop in zip((0, *cuts), (*cuts, len(SCENE)), strict=True):
        block = SCENE[start:stop]
        assert decode(coder.encode(block, start), len(block)) == block


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_garbled_file_comes_back(data):
    image = bytearray(SCENE)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, 200) | st.integers(0, len(image) - 1))
        image[place] = data.draw(st.integers(0, 255))
    image = bytes(image[: data.draw(st.integers(len(image) - 900, len(image)))])
    coder = encoder("unwrap").for_image(image)
    assert bytes(_decoded(coder.name, coder.encode(image, 0), len(image))) == image


def _decoded(name, payload, size_bytes):
    out = memoryview(bytearray(size_bytes))
    decoder(name).decode_into(payload, out)
    return out


@settings(deadline=None, max_examples=60)
@given(raw=st.binary(min_size=1, max_size=4000), times=st.integers(1, 30))
def test_lzw_undoes_itself(raw, times):
    raw = raw * times
    for size in range(len(raw) // 20, 2 * len(raw) + 10):
        coded = lzw_encode(memoryview(raw), size)
        if coded is not None:
            assert lzw_decode(memoryview(coded), len(raw)) == raw
            return
    pytest.fail("no size fits")


@pytest.mark.parametrize("size", [0, 1, 5, 100])
def test_a_strip_that_decodes_to_another_size_is_refused(size):
    assert lzw_decode(memoryview(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), size) is None


def test_other_images_are_left_to_codec_predictive():
    assert encoder("unwrap").for_image(tiff(smooth(99, 99, 1, "<u2"))).name == "predictive"


def test_there_is_no_third_level():
    with pytest.raises(SettingsError, match="level 3"):
        encoder("unwrap", 3)


def test_the_predictive_codec_refuses_strips():
    with pytest.raises(CorruptPayload, match="LZW"):
        decoder("predictive").decode_into(PAYLOAD, memoryview(bytearray(len(SCENE))))


def test_mutated_payloads_are_our_error_or_a_block():
    rng = random.Random(4)
    for _ in range(500):
        payload = bytearray(PAYLOAD)
        for _ in range(rng.randint(1, 3)):
            payload[rng.randrange(300 if rng.random() < 0.6 else len(payload))] = rng.randrange(256)
        try:
            assert len(decode(bytes(payload), len(SCENE))) == len(SCENE)
        except CorruptPayload:
            pass


def strips(*head: int, rest: bytes = b"") -> bytes:
    body = struct.pack("<BBBBIHHI", *head) + rest
    return struct.pack("<4sQIBxxxII", b"WFP1", 8, 1, 4, 8, len(body)) + body


HOSTILE = {
    "another encoder": strips(2, 1, 0, 1, 4, 1, 0, 0),
    "predictor 3": strips(1, 3, 0, 1, 4, 1, 0, 0),
    "an unknown flag": strips(1, 1, 2, 1, 4, 1, 0, 0),
    "samples of 3 bytes": strips(1, 1, 0, 3, 4, 1, 0, 0),
    "no bands": strips(1, 1, 0, 1, 4, 0, 0, 0),
    "reserved bytes": strips(1, 1, 0, 1, 4, 1, 9, 0),
    "more strips than bytes": strips(1, 1, 0, 1, 4, 1, 0, 0xFFFFFFFF),
    "a strip of four gigabytes": strips(
        1, 1, 0, 1, 4, 1, 0, 1, rest=struct.pack("<II", 8, 0xFFFFFFFC)
    ),
    "strips of another size": strips(1, 1, 0, 1, 4, 1, 0, 1, rest=struct.pack("<II", 9, 8)),
    "no pixels": strips(1, 1, 0, 1, 4, 1, 0, 1, rest=struct.pack("<II", 8, 8)),
    "nothing": struct.pack("<4sQIBxxxII", b"WFP1", 8, 1, 4, 8, 3) + b"abc",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_payload_is_refused(what):
    with pytest.raises(CorruptPayload):
        decode(HOSTILE[what], 8)


def test_noise_is_not_made_larger():
    image = lzw_tiff(np.random.default_rng(2).integers(0, 256, (90, 90, 1), np.uint8))
    assert len(encoder("unwrap").encode(image)) <= len(image) + 28
