"""A run over the lanes with numbers of the test's own choosing."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.made_up import made_up
from wildfire_bench.bench.matrix.results import AlertRun, LaneSample, MatrixResult, StoredLane
from wildfire_bench.bench.matrix.sizes import FORMS, BatchSize, FormSize
from wildfire_bench.bench.matrix.workload import VARIANTS, matrix_workload
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

LATENCY_MS = {"none": 10.0, "gzip": 14.0, "zstd": 10.5}


def matrix_result(
    rounds: int = 7, alerts: int = 1_000, latency_ms: dict[str, float] | None = None
) -> MatrixResult:
    """Every lane and codec with latencies that hardly vary; alerts within 50 ms beside images."""
    latencies = LATENCY_MS | (latency_ms or {})
    return MatrixResult(
        started="2026-01-01T00:00:00+00:00",
        duration_s=1.0,
        workload=replace(matrix_workload("quick"), rounds=rounds),
        environment=made_up().environment,
        samples=tuple(
            LaneSample(lane, variant, round_, (latencies[variant] + 0.01 * round_,))
            for lane in LANE_PLANS
            for variant in VARIANTS
            for round_ in range(1, rounds + 1)
        ),
        stored=tuple(
            StoredLane(lane, variant, 1_000_000, size)
            for lane in LANE_PLANS
            for variant, size in (("none", 1_100_000), ("gzip", 200_000), ("zstd", 201_000))
        ),
        alerts=tuple(
            AlertRun(in_flight, tuple(1 + 49 * n / alerts for n in range(alerts)), 40, 100.0)
            for in_flight in (0, 3)
        ),
        sizes=tuple(
            BatchSize(lane, codec, size, size * 100, size * 20 + 30)
            for lane in LANE_PLANS
            for codec in ("gzip 6", "zstd 3")
            for size in (1, 100)
        ),
        forms=tuple(
            FormSize(form, codec, 1_000, 200 if form == FORMS[0] else 400)
            for form in FORMS
            for codec in ("gzip 6", "zstd 6")
        ),
        notes=("a note",),
    )
