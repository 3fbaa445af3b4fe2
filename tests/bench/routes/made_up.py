"""A comparison of routes that no machine measured."""

from __future__ import annotations

from dataclasses import replace

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.routes.result import RouteSample, RoutesPlan, RoutesResult, VariantName

ENVIRONMENT = Environment("cpu", 2, 1, "Linux", "3.11", {}, "2.16", "4.3", None, 0.0)


def one_round(variant: VariantName, latency_ms: float, mb_per_s: float, peak: int) -> RouteSample:
    latencies_ms = (latency_ms,) * 5
    return RouteSample(variant, 0, latencies_ms, 700.0, mb_per_s, 1.0, 1.0, None, peak, peak)


def made_up_result(*samples: RouteSample, rounds: int = 5) -> RoutesResult:
    """The same samples in every round."""
    repeated = tuple(
        replace(sample, round=number) for number in range(1, rounds + 1) for sample in samples
    )
    return RoutesResult(
        plan=RoutesPlan(rounds=rounds, latency_images=5),
        size_bytes=30_000_000,
        dataset="s",
        codec="zstd-1",
        chunk_bytes=5_000_000,
        environment=ENVIRONMENT,
        samples=repeated,
        notes=(),
        duration_s=1.0,
    )
