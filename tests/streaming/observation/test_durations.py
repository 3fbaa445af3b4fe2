"""Durations are counted in the right bucket, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.streaming.observation.durations import BOUNDS_S, Durations, StageDurations


@given(st.lists(st.floats(-10, 1000)))
def test_every_duration_is_counted_once(seconds: list[float]) -> None:
    durations = Durations()
    for each in seconds:
        durations.note(each)
    counted = durations.counts()
    assert counted.total == len(seconds)
    assert counted.sum_s == pytest.approx(sum(max(0.0, each) for each in seconds))


@pytest.mark.parametrize("index", range(len(BOUNDS_S)))
def test_a_bound_belongs_to_the_bucket_below_it(index: int) -> None:
    durations = Durations()
    durations.note(BOUNDS_S[index])
    assert durations.counts().counts[index] == 1


def test_what_is_longer_than_all_bounds_has_a_bucket() -> None:
    durations = Durations()
    durations.note(BOUNDS_S[-1] + 1)
    assert durations.counts().counts[-1] == 1


def test_an_unknown_stage_is_passed_over() -> None:
    stages = StageDurations("encode")
    stages.note("encode", 1.0)
    stages.note("from-a-stranger", 1.0)
    assert [(stage, each.total) for stage, each in stages.counts().items()] == [("encode", 1)]
