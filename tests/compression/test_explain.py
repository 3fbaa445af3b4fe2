"""Why an image gets its codec, and what the others make of it."""

from __future__ import annotations

import pytest

from tests.compression.scenes import smooth, tiff
from wildfire_bench.compression import codec_names
from wildfire_bench.compression.explain import explain
from wildfire_bench.errors import EmptyImage

TOLD = explain(tiff(smooth(150, 120, 3, "<u2")))


def test_the_choice_is_told_with_its_reason():
    assert (TOLD.codec, TOLD.layout) == ("predictive", "tiff")
    assert "neighbours predict (tiff)" in TOLD.reason


def test_the_pixels_are_told_in_words():
    assert TOLD.samples == (
        "1 run; the largest has rows of 120 pixels of 3 bands, 16-bit unsigned little-endian"
    )


def test_every_codec_is_compared():
    assert {each.codec for each in TOLD.alternatives} == set(codec_names())


def test_the_chosen_codec_is_the_smallest():
    assert min(TOLD.alternatives, key=lambda each: each.encoded_bytes).codec in {
        "float",
        TOLD.codec,
    }


def test_an_image_without_pixels_is_explained():
    assert explain(b"smoke" * 100).samples == "none found"


def test_an_empty_image_is_refused():
    with pytest.raises(EmptyImage):
        explain(b"")
