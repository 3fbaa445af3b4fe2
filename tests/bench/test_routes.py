from __future__ import annotations

import pytest

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.routes import RouteSample, RoutesResult, VariantName, measure_routes
from wildfire_bench.stack import Stack

ENVIRONMENT = Environment("cpu", 2, 1, "Linux", "3.11", {}, "2.16", "4.3", None, 0.0)


def one(variant: VariantName, latency_ms: float, mb_per_s: float, peak: int) -> RouteSample:
    return RouteSample(variant, 0, (latency_ms,) * 5, mb_per_s, 1.0, 1.0, None, peak, peak)


def result(*samples: RouteSample) -> RoutesResult:
    return RoutesResult(30_000_000, "s", "zstd-1", 5, 5, 8, ENVIRONMENT, samples * 5, (), 1.0)


def test_goals_are_reached_or_missed_on_the_right_side_of_their_bound() -> None:
    good = result(
        one("library", 70, 300, 100),
        one("raw_message", 100, 200, 300),
        one("bare_chunks", 69, 310, 9),
    )
    poor = result(
        one("library", 90, 200, 200),
        one("raw_message", 100, 200, 300),
        one("bare_chunks", 69, 310, 9),
    )
    assert all(ratio["reached"] for ratio in good.ratios().values())
    assert not any(ratio["reached"] for ratio in poor.ratios().values())


def test_a_ratio_of_equal_samples_has_an_interval_around_one() -> None:
    same = result(
        one("library", 1, 1, 1), one("raw_message", 1, 1, 1), one("bare_chunks", 1, 1, 1)
    ).ratios()
    first = same["throughput, chunks against one raw message"]
    assert (first["low"], first["value"], first["high"]) == (1, 1, 1)


@pytest.mark.integration
def test_a_short_run_measures_every_variant_on_a_real_broker(stack: Stack) -> None:
    found = measure_routes(
        stack, rounds=1, latency_images=1, throughput_images=2, size_bytes=20_500_000
    )
    assert {sample.variant for sample in found.samples} == {"library", "raw_message", "bare_chunks"}
    assert all(sample.mb_per_s > 0 for sample in found.samples)
