from dataclasses import replace

import pytest

from tests.bench.made_up_routes import SIZES, made_up_routes
from wildfire_bench.bench.verdicts.thresholds import thresholds


def recommended(results):
    return [each.recommended_bytes for each in thresholds(results)]


def slowed(results, name, factor):
    samples = tuple(
        replace(each, end_to_end_ms=factor * each.end_to_end_ms) if each.variant == name else each
        for each in results.samples
    )
    return replace(results, samples=samples)


def test_a_route_is_recommended_up_to_the_last_size_before_it_is_slower():
    assert recommended(made_up_routes()) == [1_000_000, 50_000_000]


def test_only_sizes_that_both_routes_carry_are_compared():
    direct, chunked = thresholds(made_up_routes())
    assert [step.size_bytes for step in direct.steps] == [1_000_000, 20_000_000]
    assert [step.size_bytes for step in chunked.steps] == list(SIZES)


def test_the_guides_thresholds_stand_beside_them():
    assert [each.guide_bytes for each in thresholds(made_up_routes())] == [20_000_000, 100_000_000]


@pytest.mark.parametrize(("factor", "expected"), [(0.1, 20_000_000), (10.0, None)])
def test_a_route_that_is_never_or_always_slower_has_no_crossing_between_sizes(factor, expected):
    found = thresholds(slowed(made_up_routes(), "route_direct", factor))[0]
    assert (found.decided, found.recommended_bytes) == (True, expected)


def test_too_few_rounds_recommend_nothing():
    assert recommended(made_up_routes(rounds=3)) == [None, None]
