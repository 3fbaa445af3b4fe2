"""Medians, spreads and intervals: only what the number of samples can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildfire_bench.errors import InvalidParameter

__all__ = [
    "MIN_FOR_INTERVAL",
    "Interval",
    "Rounds",
    "Summary",
    "difference_interval",
    "median_interval",
    "percentile",
    "percentile_interval",
    "ratio_interval",
    "round_difference_interval",
    "round_median_interval",
    "round_ratio_interval",
    "summarise",
]

Rounds = Mapping[int, Sequence[float]]
"""Samples by the round in which they were taken."""

RESAMPLES = 10_000
PERCENTILE_RESAMPLES = 1_000
"""Of a percentile, whose samples are many."""
CONFIDENCE = 0.95
MIN_FOR_INTERVAL = 5
"""Below five samples a bootstrap of the median covers far less than it says."""
BEYOND_PERCENTILE = 5
"""Samples that must lie beyond a percentile before it is quoted."""
_SEED = 20251013


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the interval it lies in with 95 % confidence."""

    value: float
    low: float
    high: float

    def as_reduction(self) -> Interval:
        """Turn a ratio after/before into a reduction in percent; its ends change places."""
        return Interval(100 * (1 - self.value), 100 * (1 - self.high), 100 * (1 - self.low))


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of a set of samples."""

    n: int
    median: float
    mad: float
    """Median absolute deviation from the median, in the samples' unit."""
    low: float
    """Smallest sample."""
    high: float
    """Largest sample."""
    interval: Interval | None
    """Of the median; None with fewer than five samples."""


def summarise(samples: Sequence[float]) -> Summary:
    """Sum up samples by what does not hang on a single one of them.

    Raises
    ------
    InvalidParameter
        If there are none, or one is not finite.
    """
    values = _finite(samples)
    median = float(np.median(values))
    return Summary(
        n=len(values),
        median=median,
        mad=float(np.median(np.abs(values - median))),
        low=float(values.min()),
        high=float(values.max()),
        interval=median_interval(samples),
    )


def median_interval(samples: Sequence[float]) -> Interval | None:
    """Interval of the median (percentile bootstrap), or None with fewer than five samples."""
    values = _finite(samples)
    if len(values) < MIN_FOR_INTERVAL:
        return None
    drawn = _medians(values, np.random.default_rng(_SEED))
    return _interval(float(np.median(values)), drawn)


def ratio_interval(
    after: Sequence[float], before: Sequence[float], *, same_every_time: bool = False
) -> Interval | None:
    """Interval of median(after) / median(before), both resampled.

    Parameters
    ----------
    after, before
        Samples of the two sides, independent of each other.
    same_every_time
        Sizes: they hardly vary, so with fewer than five samples their whole range is the interval.

    Returns
    -------
    Interval or None
        None when either side has fewer than five samples of a thing that varies.

    Raises
    ------
    InvalidParameter
        If a side is empty or holds a value that is not finite, or `before` holds one that is not
        positive.
    """
    upper, lower = _finite(after), _finite(before)
    _check_denominator(lower)
    ratio = float(np.median(upper) / np.median(lower))
    if min(len(upper), len(lower)) < MIN_FOR_INTERVAL:
        if not same_every_time:
            return None
        return Interval(ratio, float(upper.min() / lower.max()), float(upper.max() / lower.min()))
    rng = np.random.default_rng(_SEED)
    return _interval(ratio, _medians(upper, rng) / _medians(lower, rng))


def round_ratio_interval(
    after: Rounds, before: Rounds, *, paired: bool = True, same_every_time: bool = False
) -> Interval | None:
    """Interval of median(after) / median(before), whole rounds resampled.

    The images of one round share what the machine did in it, so they are not independent: a
    bootstrap of single images would make intervals too narrow.

    Parameters
    ----------
    after, before
        Samples of the two sides by round.
    paired
        Whether both sides were taken in the same rounds of one run. Then only rounds that both
        have count, and both sides are drawn from the same ones; otherwise each side is drawn alone.
    same_every_time
        As in `ratio_interval`.

    Returns
    -------
    Interval or None
        None with fewer than five rounds of a thing that varies.

    Raises
    ------
    InvalidParameter
        As `ratio_interval`.
    """
    if paired:
        both = after.keys() & before.keys()
        after = {round_: after[round_] for round_ in both}
        before = {round_: before[round_] for round_ in both}
    flat_after, flat_before = _flat(after), _flat(before)
    if min(len(after), len(before)) < MIN_FOR_INTERVAL:
        # Few sizes carry their range; few rounds of a time carry nothing, however many images.
        return (
            ratio_interval(flat_after, flat_before, same_every_time=True)
            if (same_every_time and flat_after and flat_before)
            else None
        )
    upper, lower = _finite(flat_after), _finite(flat_before)
    _check_denominator(lower)
    rng = np.random.default_rng(_SEED)
    after_picks = _round_picks(len(after), rng)
    before_picks = after_picks if paired else _round_picks(len(before), rng)
    ratios = _round_medians(after, after_picks) / _round_medians(before, before_picks)
    return _interval(float(np.median(upper) / np.median(lower)), ratios)


def round_difference_interval(after: Rounds, before: Rounds) -> Interval | None:
    """Interval of median(after) - median(before), both drawn from the same rounds of one run.

    Returns
    -------
    Interval or None
        None with fewer than five rounds that both sides have.

    Raises
    ------
    InvalidParameter
        If a sample is not finite.
    """
    both = after.keys() & before.keys()
    if len(both) < MIN_FOR_INTERVAL:
        return None
    upper, lower = ({round_: side[round_] for round_ in both} for side in (after, before))
    picks = _round_picks(len(both), np.random.default_rng(_SEED))
    value = np.median(_finite(_flat(upper))) - np.median(_finite(_flat(lower)))
    return _interval(float(value), _round_medians(upper, picks) - _round_medians(lower, picks))


def round_median_interval(rounds: Rounds) -> Interval | None:
    """Interval of the median, whole rounds resampled; None with fewer than five rounds."""
    if len(rounds) < MIN_FOR_INTERVAL:
        return None
    values = _finite(_flat(rounds))
    picks = _round_picks(len(rounds), np.random.default_rng(_SEED))
    return _interval(float(np.median(values)), _round_medians(rounds, picks))


def percentile(samples: Sequence[float], percent: float) -> float | None:
    """Take a percentile, or give None when fewer than five samples lie beyond it.

    The 95th needs 100 samples and the 99th 500: with fewer it is the maximum by another name.
    """
    values = _finite(samples)
    beyond = len(values) * (100 - percent) / 100
    if beyond < BEYOND_PERCENTILE:
        return None
    return float(np.percentile(values, percent))


def difference_interval(after: Sequence[float], before: Sequence[float]) -> Interval | None:
    """Interval of median(after) - median(before), both resampled.

    None when either side has fewer than five samples.
    """
    upper, lower = _finite(after), _finite(before)
    if min(len(upper), len(lower)) < MIN_FOR_INTERVAL:
        return None
    rng = np.random.default_rng(_SEED)
    value = float(np.median(upper) - np.median(lower))
    return _interval(value, _medians(upper, rng) - _medians(lower, rng))


def percentile_interval(samples: Sequence[float], percent: float) -> Interval | None:
    """Interval of a percentile, or None where `percentile` gives none."""
    value = percentile(samples, percent)
    if value is None:
        return None
    values, rng = _finite(samples), np.random.default_rng(_SEED)
    drawn = [
        np.percentile(values[rng.integers(0, len(values), len(values))], percent)
        for _ in range(PERCENTILE_RESAMPLES)
    ]
    return _interval(value, np.asarray(drawn))


def _finite(samples: Sequence[float]) -> NDArray[np.float64]:
    values = np.asarray(samples, dtype=np.float64)
    if values.size == 0 or not np.isfinite(values).all():
        msg = f"need at least one finite sample, got {list(samples)[:8]}"
        raise InvalidParameter(msg)
    return values


def _check_denominator(values: NDArray[np.float64]) -> None:
    if values.min() <= 0:
        msg = f"a ratio needs a positive denominator, and the smallest sample is {values.min():g}"
        raise InvalidParameter(msg)


def _flat(rounds: Rounds) -> list[float]:
    return [value for round_ in sorted(rounds) for value in rounds[round_]]


def _round_picks(rounds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.integers(0, rounds, size=(RESAMPLES, rounds))


def _round_medians(rounds: Rounds, picks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Medians of all samples of the picked rounds; rounds may differ in their number of samples."""
    longest = max(len(samples) for samples in rounds.values())
    table = np.full((len(rounds), longest), np.nan)
    for row, round_ in enumerate(sorted(rounds)):
        table[row, : len(rounds[round_])] = rounds[round_]
    drawn = table[picks].reshape(len(picks), -1)
    if np.isnan(table).any():
        return np.asarray(np.nanmedian(drawn, axis=1), dtype=np.float64)
    return np.asarray(np.median(drawn, axis=1), dtype=np.float64)


def _medians(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    picks = rng.integers(0, len(values), size=(RESAMPLES, len(values)))
    medians: NDArray[np.float64] = np.median(values[picks], axis=1)
    return medians


def _interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
