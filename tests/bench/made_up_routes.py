"""A run over the routes that no machine measured."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.made_up import made_up
from wildfire_bench.bench.measurements import Block, Sample
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.workloads.drivers import ROUTE_DRIVERS, drivers_named
from wildfire_bench.bench.workloads.workload import workload

SIZES = (1_000_000, 20_000_000, 50_000_000, 100_000_000)
# Milliseconds before the first byte, and for every MB: the lines cross at 12 and at 80 MB.
COSTS = dict(zip(ROUTE_DRIVERS, ((5.0, 5.0), (17.0, 4.0), (97.0, 3.0)), strict=True))


def made_up_routes(rounds: int = 5) -> BenchRun:
    """Direct is the quickest up to 12 MB, chunked to 80 MB, then the reference."""
    work = replace(workload("routing-quick"), sizes=SIZES, rounds=rounds, images=1)
    drivers = drivers_named(ROUTE_DRIVERS)
    carried = [
        (driver.name, size_bytes, pattern.name, round_)
        for driver in drivers
        for size_bytes in SIZES
        if driver.carries(size_bytes)
        for pattern in work.patterns
        for round_ in range(1, rounds + 1)
    ]
    base = made_up(rounds)
    first, *others = (replace(base.scene, size_bytes=size_bytes) for size_bytes in SIZES)
    return replace(
        base,
        workload=work,
        variants=drivers,
        scene=first,
        more_scenes=tuple(others),
        samples=tuple(_sample(*each) for each in carried),
        blocks=tuple(_block(*each) for each in carried),
        serialization=(),
        scenes=(),
        checks=(),
    )


def _latency_ms(name: str, size_bytes: int, round_: int) -> float:
    start_ms, per_mb_ms = COSTS[name]
    return (start_ms + per_mb_ms * size_bytes / 1e6) * (1 + 0.01 * round_)


def _sample(name: str, size_bytes: int, pattern: str, round_: int) -> Sample:
    latency_ms = _latency_ms(name, size_bytes, round_)
    return Sample(
        variant=name,
        round=round_,
        index=0,
        size_bytes=size_bytes,
        end_to_end_ms=latency_ms,
        acknowledged_ms=0.7 * latency_ms,
        value_bytes=size_bytes,
        records=1,
        identical=True,
        pattern=pattern,
        route=name.removeprefix("route_"),
    )


def _block(name: str, size_bytes: int, pattern: str, round_: int) -> Block:
    return Block(
        variant=name,
        round=round_,
        images=3,
        image_bytes=3 * size_bytes,
        producer_cpu_s=2e-9 * size_bytes,
        consumer_cpu_s=1e-9 * size_bytes,
        broker_cpu_s=3e-9 * size_bytes,
        stored_bytes=2 * size_bytes,
        stored_file_bytes=None,
        wire_bytes=2 * size_bytes,
        load=0.1,
        size_bytes=size_bytes,
        pattern=pattern,
        seconds=3 * _latency_ms(name, size_bytes, round_) / 1e3,
        producer_peak_bytes=100_000_000 + size_bytes,
        consumer_peak_bytes=90_000_000 + 2 * size_bytes,
    )
