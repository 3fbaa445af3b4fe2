"""Metric families out of plain numbers, named as Prometheus wants them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from wildfire_bench.streaming.observation.durations import BOUNDS_S, DurationCounts

__all__ = ["Values", "add_up", "counter", "gauge", "histogram"]

Values: TypeAlias = Mapping[tuple[str, ...], float]
"""A number for each set of label values."""

_BOUNDS = (*(f"{bound:g}" for bound in BOUNDS_S), "+Inf")


def add_up(
    numbers: Iterable[tuple[tuple[str, ...], float]], zeros: Iterable[tuple[str, ...]] = ()
) -> Values:
    """Sum numbers by labels; `zeros` are there in any case, so that the first is an increase."""
    sums: dict[tuple[str, ...], float] = defaultdict(float, dict.fromkeys(zeros, 0.0))
    for labels, number in numbers:
        sums[labels] += number
    return sums


def counter(name: str, text: str, labels: Sequence[str], values: Values) -> CounterMetricFamily:
    """A counter; `name` without its ``_total``."""
    family = CounterMetricFamily(name, text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def gauge(name: str, text: str, labels: Sequence[str], values: Values) -> GaugeMetricFamily:
    """A gauge."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def histogram(
    name: str,
    text: str,
    labels: Sequence[str],
    values: Iterable[tuple[tuple[str, ...], DurationCounts]],
) -> HistogramMetricFamily:
    """A histogram of seconds; what has the same labels is added up."""
    family = HistogramMetricFamily(name, text, labels=labels)
    merged: dict[tuple[str, ...], list[DurationCounts]] = defaultdict(list)
    for label_values, counts in values:
        merged[label_values].append(counts)
    for label_values, each in merged.items():
        summed = [sum(column) for column in zip(*(one.counts for one in each), strict=True)]
        buckets = list(zip(_BOUNDS, map(float, accumulate(summed)), strict=True))
        family.add_metric(label_values, buckets, sum(one.sum_s for one in each))
    return family
