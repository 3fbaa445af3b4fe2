import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.bench.statistics import (
    difference_interval,
    median_interval,
    percentile,
    percentile_interval,
    ratio_interval,
    summarise,
)
from wildfire_bench.errors import InvalidParameter

times = st.lists(st.floats(0.1, 1e6), min_size=5, max_size=30)


@given(samples=times)
def test_interval_of_a_median_holds_it_and_stays_within_the_samples(samples):
    interval = median_interval(samples)
    assert min(samples) <= interval.low <= interval.value <= interval.high <= max(samples)


def test_four_samples_carry_no_interval():
    assert median_interval([1.0, 2.0, 3.0, 4.0]) is None


def test_summary_is_not_moved_by_one_wild_sample():
    assert summarise([10, 11, 12, 13, 9_000]).median == 12


def test_ratio_of_a_thing_to_its_half_is_one_half():
    before = [100.0, 101.0, 99.0, 100.5, 99.5]
    interval = ratio_interval([value / 2 for value in before], before)
    assert interval.value == pytest.approx(0.5)


def test_interval_of_a_ratio_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(100):
        after, before = rng.lognormal(0, 0.2, 15), 2 * rng.lognormal(0, 0.2, 15)
        interval = ratio_interval(after, before)
        covered += interval.low <= 0.5 <= interval.high
    assert covered >= 88


def test_few_samples_of_a_time_carry_no_ratio():
    assert ratio_interval([1.0], [2.0]) is None


def test_few_sizes_carry_a_ratio_with_their_range_as_interval():
    interval = ratio_interval([10, 12], [20], same_every_time=True)
    assert (interval.low, interval.high) == (0.5, 0.6)


def test_a_ratio_becomes_a_reduction_whose_ends_change_places():
    reduction = ratio_interval([10, 12], [20], same_every_time=True).as_reduction()
    assert (reduction.low, reduction.high) == pytest.approx((40, 50))


@pytest.mark.parametrize("before", [[], [0.0] * 5, [float("nan")] * 5])
def test_impossible_denominators_are_refused(before):
    with pytest.raises(InvalidParameter):
        ratio_interval([1.0] * 5, before)


@pytest.mark.parametrize(("count", "percent", "told"), [(99, 95, False), (100, 95, True)])
def test_a_percentile_needs_five_samples_beyond_it(count, percent, told):
    assert (percentile(list(range(count)), percent) is not None) is told


def test_a_difference_lies_within_its_interval():
    found = difference_interval([12.0, 12.1, 11.9, 12.2, 11.8], [10.0, 10.1, 9.9, 10.2, 9.8])
    assert found.value == pytest.approx(2.0)
    assert found.low <= found.value <= found.high


def test_a_difference_of_few_samples_has_no_interval():
    assert difference_interval([1.0] * 4, [1.0] * 9) is None


def test_a_percentile_lies_within_its_interval():
    found = percentile_interval([float(n) for n in range(1_000)], 99)
    assert found.value == pytest.approx(989.01)
    assert found.low <= found.value <= found.high


def test_a_percentile_that_the_count_cannot_carry_has_no_interval():
    assert percentile_interval([1.0] * 499, 99) is None
