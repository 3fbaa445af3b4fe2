"""Both engines undo what they predict, and do exactly the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildfire_bench.compression.pixel_loops import (
    LOW_BITS,
    Blend,
    Grid,
    Plan,
    Predictor,
    engine,
    packed_width,
)
from wildfire_bench.compression.pixel_loops.numba_engine import NumbaEngine
from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine

ENGINES = (NumbaEngine(), NumpyEngine())


@st.composite
def problems(draw: st.DrawFn) -> tuple[Any, Grid, Plan]:
    """Samples, their grid and a plan, all arbitrary."""
    bands = draw(st.integers(1, 9))
    grid = Grid(
        draw(st.integers(1, 9)),
        draw(st.integers(1, 40)),
        bands,
        draw(st.sampled_from((1, 2, 4, 8))),
    )
    blends = draw(st.lists(st.sampled_from(Blend), min_size=bands, max_size=bands))
    low_bits = draw(st.lists(st.sampled_from(LOW_BITS), min_size=bands, max_size=bands))
    plan = Plan(
        draw(st.sampled_from(Predictor)),
        draw(st.booleans()),
        tuple(low_bits),
        (Blend.NONE, *blends[1:]),
    )
    seed, spread = draw(st.integers(0, 99)), draw(st.integers(1, 256))
    samples = np.random.default_rng(seed).integers(0, spread, grid.size_bytes, np.uint8)
    return samples.view(f"u{grid.sample_bytes}"), grid, plan


@settings(deadline=None)
@given(problem=problems())
def test_both_engines_predict_alike(problem):
    samples, grid, plan = problem
    one, other = (e.forward(samples, grid, plan) for e in ENGINES)
    assert np.array_equal(one.planes, other.planes)
    assert np.array_equal(one.present, other.present)
    for band, bits in enumerate(plan.low_bits):
        used = grid.rows * packed_width(grid.width, bits)
        assert np.array_equal(one.low[band, :used], other.low[band, :used])


@pytest.mark.parametrize("tried", ENGINES, ids=lambda e: e.name)
@settings(deadline=None)
@given(problem=problems())
def test_samples_come_back(tried, problem):
    samples, grid, plan = problem
    back = np.zeros_like(samples)
    tried.inverse(tried.forward(samples, grid, plan), grid, plan, back)
    assert np.array_equal(back, samples)


def test_numba_is_taken_when_it_is_installed():
    assert engine().name == "numba"
