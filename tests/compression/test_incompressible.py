"""What will not shrink is recognised, and then never grows."""

from __future__ import annotations

import random

import pytest

from tests.compression.scenes import smooth, tiff
from wildfire_bench.compression import codec_names, encoder
from wildfire_bench.samples import sample

NOISE = random.Random(11).randbytes(400_000)


@pytest.mark.parametrize("name", codec_names())
def test_random_bytes_are_stored(name):
    assert encoder(name).for_image(NOISE).name == "stored"


@pytest.mark.parametrize("name", codec_names())
def test_a_jpeg_is_stored(name):
    assert encoder(name).for_image(sample("blue-marble").data).name == "stored"


@pytest.mark.parametrize("name", [name for name in codec_names() if name != "stored"])
def test_pixels_are_not_stored(name):
    assert encoder(name).for_image(tiff(smooth(300, 200, 3, "<u2"))).name != "stored"


@pytest.mark.parametrize("name", codec_names())
@pytest.mark.parametrize("size", [1, 100, 5000, 65_536, 400_000])
def test_random_blocks_grow_by_64_bytes_at_most(name, size):
    image = NOISE[:size]
    assert len(memoryview(encoder(name).for_image(image).encode(image, 0))) <= size + 64


def test_stored_blocks_are_views():
    view = memoryview(NOISE)
    assert encoder("zstd").for_image(view).encode(view, 0) is view
