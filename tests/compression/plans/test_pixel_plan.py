"""How samples are predicted is decided on a few windows, by what costs least."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compression.scenes import smooth
from wildfire_bench.compression.layouts.pixel_run import PixelRun, SampleKind
from wildfire_bench.compression.pixel_loops import Blend, Predictor
from wildfire_bench.compression.plans.pixel_plan import plan_for


def plan(pixels, kind=SampleKind.UNSIGNED):
    _, width, bands = pixels.shape
    big_endian = pixels.dtype.byteorder == ">"
    run = PixelRun(0, pixels.nbytes, width, bands, pixels.itemsize, big_endian, kind)
    return plan_for(run, memoryview(pixels.tobytes()))


def noise(spread, shape=(200, 200, 1), seed=1):
    return np.random.default_rng(seed).normal(0, spread, shape)


def test_natural_pixels_are_predicted_by_the_average():
    texture = noise(6).cumsum(0).cumsum(1) / 30 + noise(3, seed=2) + 3000
    assert plan(texture.astype("<u2")).predictor is Predictor.AVERAGE


def test_rows_that_repeat_are_predicted_from_above():
    rows = np.repeat(noise(900, (1, 200, 1)) + 9000, 200, axis=0) + noise(1)
    assert plan(rows.astype("<u2")).predictor is Predictor.UP


def test_noise_is_kept_out_of_entropy_coding():
    assert plan((9000 + noise(400)).astype("<u2")).low_bits[0] >= 4


def test_quiet_bytes_are_all_entropy_coded():
    assert plan(smooth(200, 200, 1, "u1")).low_bits == (0,)


def test_the_first_band_is_never_blended():
    assert plan(smooth(200, 200, 3, "<u2")).blends[0] is Blend.NONE


def test_bands_that_share_their_noise_are_blended():
    shared = 3000 + noise(60).repeat(3, axis=-1) + noise(3, (200, 200, 3), 2)
    assert all(plan(shared.astype("<u2")).blends[1:])


@pytest.mark.parametrize("dtype", ["<i2", ">i2"])
def test_signed_samples_are_known_to_be(dtype):
    assert plan(noise(30).astype(dtype), SampleKind.SIGNED).signed


def test_random_samples_get_no_plan():
    random = np.random.default_rng(4).integers(0, 1 << 16, (200, 200, 1), np.uint16)
    assert plan(random) is None


def test_a_mask_gets_no_plan():
    assert plan(np.zeros((200, 200, 1), np.uint8)) is None


def test_a_single_row_gets_no_plan():
    assert plan(smooth(1, 5000, 1, "<u2")) is None
