"""The denser setting is decided by what is in a few windows of a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.compression.scenes import smooth, tiff
from wildfire_bench.compression.layouts.image_layout import find_layout
from wildfire_bench.compression.pixel_loops import CONTEXTS, Blend, Grid, Plan, Predictor
from wildfire_bench.compression.plans.dense_plan import denser
from wildfire_bench.compression.plans.pixel_plan import plan_for
from wildfire_bench.compression.segments.sorted_plane import worth_sorting
from wildfire_bench.samples import sample


def planned(image: bytes | memoryview) -> tuple[Plan, Plan]:
    view = memoryview(image)
    run = max(find_layout(view).runs, key=lambda each: each.size_bytes)
    plan = plan_for(run, view)
    assert plan is not None
    return plan, denser(plan, run, view)


def test_bands_that_repeat_the_one_before_the_last_are_weighed_by_it():
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 900, (2, 200, 300))
    rows = np.stack((first, second, first, second), axis=-1)
    _, plan = planned(tiff((rows + 100 * np.arange(4)).astype("<u2")))
    assert plan.blends[2:] == (Blend.WEIGHED, Blend.WEIGHED)
    assert [weights[:2] for weights in plan.weights[2:]] == [(0, 8), (0, 8)]


def test_a_band_keeps_its_blend_where_weights_gain_nothing():
    plain, plan = planned(sample("sentinel-2").data)
    assert (plain.blends[3], plan.blends[3]) == (Blend.HALF, Blend.HALF)


def test_every_band_of_a_real_scene_has_contexts_in_order():
    _, plan = planned(sample("sentinel-2").data)
    assert [len(cuts) for cuts in plan.cuts] == [CONTEXTS - 1] * 4
    assert all(list(cuts) == sorted(cuts) for cuts in plan.cuts)


def test_samples_wider_than_a_byte_keep_two_bits_or_more_out_of_contexts():
    _, plan = planned(sample("landsat-8").data)
    assert min(plan.low_bits) >= 2


def test_a_run_of_two_rows_is_left_as_it_is():
    run = find_layout(memoryview(tiff(smooth(200, 300, 1, "<u2")))).runs[0]
    plan = Plan(Predictor.LEFT, signed=False, low_bits=(0,), blends=(Blend.NONE,))
    short = replace(run, size_bytes=1200, offset_bytes=0)
    assert denser(plan, short, memoryview(bytes(1200))) is plan


def test_contexts_need_two_tables_full_of_samples():
    assert [worth_sorting(Grid(rows, 128, 1, 2)) for rows in (127, 128)] == [False, True]
