"""Both engines undo what they predict, and do exactly the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildfire_bench.compression.pixel_loops import (
    CONTEXTS,
    LOW_BITS,
    WEIGHTS,
    Blend,
    Engine,
    Grid,
    Plan,
    Predictor,
    Surroundings,
    engine,
    packed_width,
)
from wildfire_bench.compression.pixel_loops.compiled_bursts import gather_by, scatter_by
from wildfire_bench.compression.pixel_loops.compiled_order import (
    gather_one_by_one,
    scatter_one_by_one,
)
from wildfire_bench.compression.pixel_loops.model import BURST_BYTES
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
    weights = st.tuples(*(st.integers(-128, 127),) * WEIGHTS)
    low_bits = draw(st.lists(st.sampled_from(LOW_BITS), min_size=bands, max_size=bands))
    plan = Plan(
        draw(st.sampled_from(Predictor)),
        draw(st.booleans()),
        tuple(low_bits),
        (draw(st.sampled_from((Blend.NONE, Blend.WEIGHED))), *blends[1:]),
        tuple(draw(st.lists(weights, min_size=bands, max_size=bands))),
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


@st.composite
def planes(draw: st.DrawFn) -> tuple[Any, Surroundings]:
    """A plane, and what it is sorted by."""
    rows, width = draw(st.integers(1, 9)), draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    plane, before = rng.integers(0, draw(st.integers(1, 256)), (2, rows * width), np.uint8)
    cuts = draw(st.lists(st.integers(0, 4000), min_size=CONTEXTS - 1, max_size=CONTEXTS - 1))
    before = draw(st.sampled_from((before, None)))
    return plane, Surroundings(before, width, np.array(sorted(cuts), np.uint16))


def sorted_alone(tried: Engine, plane: Any, around: Surroundings) -> list[bytes]:
    counts, streams = tried.sort(plane, around)
    return [bytes(stream[:count]) for stream, count in zip(streams, counts, strict=True)]


@settings(deadline=None)
@given(problem=planes())
def test_both_engines_sort_alike(problem):
    one, other = (sorted_alone(e, *problem) for e in ENGINES)
    assert one == other


@pytest.mark.parametrize("tried", ENGINES, ids=lambda e: e.name)
@settings(deadline=None)
@given(problem=planes())
def test_sorted_planes_come_back(tried, problem):
    plane, around = problem
    streams = sorted_alone(tried, *problem)
    room = tried.stream_room(Grid(plane.size // around.width, around.width, 1, 1))
    room[: plane.size] = np.frombuffer(b"".join(streams), np.uint8)
    counts = np.array([len(stream) for stream in streams], np.int64)
    back = np.zeros_like(plane)
    assert tried.unsort(room, counts, around, back)
    assert np.array_equal(back, plane)


@settings(deadline=None)
@given(problem=planes())
def test_sorting_is_the_same_without_vectors(problem):
    plane, _ = problem
    kinds = plane % CONTEXTS
    starts = np.arange(CONTEXTS) * (plane.size + BURST_BYTES)
    sorted_by = []
    for scatter, gather in ((scatter_by, gather_by), (scatter_one_by_one, gather_one_by_one)):
        room = np.zeros(CONTEXTS * (plane.size + BURST_BYTES), np.uint8)
        places, back = starts.copy(), np.zeros_like(plane)
        scatter(kinds, plane, places, room)
        gather(kinds, room, starts.copy(), back)
        assert np.array_equal(back, plane)
        sorted_by.append(
            [bytes(room[start:stop]) for start, stop in zip(starts, places, strict=True)]
        )
    assert sorted_by[0] == sorted_by[1]


@pytest.mark.parametrize("tried", ENGINES, ids=lambda e: e.name)
def test_wrong_counts_are_noticed(tried):
    room = tried.stream_room(Grid(4, 100, 1, 1))
    room[:] = 0
    counts = np.array([0, 400, 0, 0, 0, 0, 0, 0], np.int64)
    around = Surroundings(None, 100, np.full(CONTEXTS - 1, 9, np.uint16))
    assert not tried.unsort(room, counts, around, np.zeros(400, np.uint8))


def test_numba_is_taken_when_it_is_installed():
    assert engine().name == "numba"
