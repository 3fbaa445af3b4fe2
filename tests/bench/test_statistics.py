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
    round_ratio_interval,
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


def test_images_of_one_round_do_not_narrow_the_interval():
    rounds = {r: [value] for r, value in enumerate([90.0, 95.0, 100.0, 105.0, 110.0])}
    repeated = {r: values * 20 for r, values in rounds.items()}
    before = {r: [100.0] for r in rounds}
    assert round_ratio_interval(repeated, before) == round_ratio_interval(rounds, before)


def test_a_machine_that_slows_both_sides_of_a_round_leaves_their_ratio():
    before = {r: [100.0 * (1 + r)] for r in range(5)}
    after = {r: [50.0 * (1 + r)] for r in range(5)}
    interval = round_ratio_interval(after, before)
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_rounds_of_two_runs_are_drawn_apart():
    before = {r: [100.0 * (1 + r)] for r in range(5)}
    interval = round_ratio_interval(before, before, paired=False)
    assert interval.low < 1 < interval.high


def test_rounds_that_lost_images_still_count():
    after = {0: [1.0], 1: [1.0, 1.0], 2: [1.0] * 3, 3: [1.0], 4: [1.0]}
    assert round_ratio_interval(after, {r: [2.0] for r in range(5)}).value == 0.5


def test_many_images_of_few_rounds_carry_no_ratio_of_times():
    assert round_ratio_interval({1: [1.0] * 50}, {1: [2.0] * 50}) is None
