"""The codec chosen by content, and why."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.compression.scenes import lzw_tiff, smooth, tiff
from wildfire_bench.compression import choose_codec, decoder, encoder
from wildfire_bench.compression.auto import AutoCodec, choose_by_content
from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import CodecChoice, DataType, Settings

IMAGES = {
    "stored": random.Random(2).randbytes(300_000),
    "float": tiff((smooth(150, 150, 1, "<i4") / 7).astype("<f8")),
    "unwrap": lzw_tiff(smooth(150, 150, 1, "<u2")),
    "predictive": tiff(smooth(150, 150, 3, "<u2")),
    "zstd": b"2025-10-13T10:00:00Z smoke plume " * 6000,
}


@pytest.mark.parametrize("name", IMAGES)
def test_each_kind_of_image_gets_its_codec(name):
    assert choose_by_content(IMAGES[name]).encoder.name == name


@pytest.mark.parametrize("name", IMAGES)
def test_what_was_chosen_decodes(name):
    image = IMAGES[name]
    chosen = AutoCodec().for_image(image)
    out = memoryview(bytearray(len(image)))
    decoder(chosen.name).decode_into(chosen.encode(image, 0), out)
    assert out == image


def test_the_matrix_may_say_auto():
    rows = {DataType.SATELLITE_IMAGERY: CodecChoice(codec="auto")}
    codec = choose_codec(DataType.SATELLITE_IMAGERY, Settings(compression_matrix=rows))
    assert codec.for_image(IMAGES["predictive"]).name == "predictive"


def test_auto_has_no_third_level():
    with pytest.raises(SettingsError, match="level 3"):
        AutoCodec.at_level(3)


def test_the_level_of_auto_is_that_of_the_codec_it_chooses():
    assert AutoCodec.at_level(2).for_image(IMAGES["predictive"]).level == 2


def test_a_block_alone_is_decoded_by_the_codec_that_auto_names():
    block = IMAGES["zstd"]
    out = memoryview(bytearray(len(block)))
    decoder(AutoCodec().name).decode_into(AutoCodec().encode(block), out)
    assert out == block


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
def test_a_mask_of_few_values_is_left_to_zstd(dtype):
    mask = np.zeros((400, 400, 1), dtype)
    mask[100:220, 50:300] = 21
    assert choose_by_content(tiff(mask)).encoder.name == encoder("zstd").name
