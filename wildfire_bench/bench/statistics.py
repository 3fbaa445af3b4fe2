"""Medians, spreads and intervals: only what the number of samples can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wildfire_bench.errors import InvalidParameter

__all__ = [
    "MIN_FOR_INTERVAL",
    "Interval",
    "Summary",
    "difference_interval",
    "median_interval",
    "percentile",
    "percentile_interval",
    "ratio_interval",
    "summarise",
]

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
    if lower.min() <= 0:
        msg = f"a ratio needs a positive denominator, and the smallest sample is {lower.min():g}"
        raise InvalidParameter(msg)
    ratio = float(np.median(upper) / np.median(lower))
    if min(len(upper), len(lower)) < MIN_FOR_INTERVAL:
        if not same_every_time:
            return None
        return Interval(ratio, float(upper.min() / lower.max()), float(upper.max() / lower.min()))
    rng = np.random.default_rng(_SEED)
    return _interval(ratio, _medians(upper, rng) / _medians(lower, rng))


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


def _medians(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    picks = rng.integers(0, len(values), size=(RESAMPLES, len(values)))
    medians: NDArray[np.float64] = np.median(values[picks], axis=1)
    return medians


def _interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    tail = (1 - CONFIDENCE) / 2 * 100
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(value, float(low), float(high))
