"""What a run can measure, by name: its unit, its verb, and its samples round by round."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, Literal

from wildfire_bench.bench.measurements import Block
from wildfire_bench.bench.results.bench_run import BenchRun, Selection
from wildfire_bench.bench.statistics import Rounds

__all__ = ["MB", "MORE_IS_BETTER", "SIZES", "UNITS", "VERBS", "Quantity", "rounds_of", "samples_of"]

Quantity = Literal[
    "stored_mb",
    "wire_mb",
    "end_to_end_ms",
    "serialization_ms",
    "cpu_s_per_gb",
    "throughput_mb_s",
    "producer_peak_mb",
    "consumer_peak_mb",
]
"""Each has its unit in its name; megabytes are 1,000,000 bytes. Throughput is of raw image."""

MB: Final = 1e6
UNITS: Final = MappingProxyType[Quantity, str](
    {
        "stored_mb": "MB",
        "wire_mb": "MB",
        "end_to_end_ms": "ms",
        "serialization_ms": "ms",
        "cpu_s_per_gb": "CPU s/GB",
        "throughput_mb_s": "MB/s",
        "producer_peak_mb": "MB",
        "consumer_peak_mb": "MB",
    }
)
VERBS: Final = MappingProxyType[Quantity, str](
    {
        "stored_mb": "stores",
        "wire_mb": "sends",
        "end_to_end_ms": "takes",
        "serialization_ms": "takes",
        "cpu_s_per_gb": "uses",
        "throughput_mb_s": "carries",
        "producer_peak_mb": "holds",
        "consumer_peak_mb": "holds",
    }
)
SIZES: Final = frozenset[Quantity]({"stored_mb", "wire_mb"})
"""These hardly vary from round to round."""
MORE_IS_BETTER: Final = frozenset[Quantity]({"throughput_mb_s"})
"""Of every other quantity less is."""


def rounds_of(
    results: BenchRun, quantity: Quantity, name: str, of: Selection | None = None
) -> Rounds:
    """Get the raw samples of one variant or serialization path, warm-up left out.

    Parameters
    ----------
    results
        A run.
    quantity
        Which; the samples are in its unit.
    name
        Variant, or serialization path for ``serialization_ms``.
    of
        Size and pattern; None for the run's first ones.

    Returns
    -------
    mapping of int to list of float
        By round; rounds without a sample are not in it.
    """
    if quantity == "cpu_s_per_gb":
        return results.cpu_s_per_gb_by_round(name, "total", of)
    if quantity == "serialization_ms":
        timings = [s for s in results.serialization if s.path == name and s.round > 0]
        return _by_round((s.round, s.milliseconds) for s in timings)
    if quantity == "end_to_end_ms":
        found = ((s.round, s.end_to_end_ms) for s in results.samples_of(name, of))
    else:
        found = ((b.round, _of_block(b, quantity)) for b in results.blocks_of(name, of))
    return _by_round((round_, value) for round_, value in found if value is not None)


def samples_of(
    results: BenchRun, quantity: Quantity, name: str, of: Selection | None = None
) -> list[float]:
    """Get the same in one list, rounds in their order."""
    rounds = rounds_of(results, quantity, name, of)
    return [value for round_ in sorted(rounds) for value in rounds[round_]]


def _of_block(block: Block, quantity: Quantity) -> float | None:
    """What a block says of a quantity, per image where it is a size; None if nothing."""
    if quantity == "throughput_mb_s":
        # One by one an image waits for the last: that is its latency over again.
        overlaps = block.seconds and block.images > 1 and block.pattern != "closed-1"
        return block.image_bytes / MB / block.seconds if overlaps and block.seconds else None
    if quantity in {"stored_mb", "wire_mb"}:
        whole = block.kept_bytes if quantity == "stored_mb" else block.wire_bytes
        return whole / block.images / MB if whole else None
    peak = block.peak_bytes("producer" if quantity == "producer_peak_mb" else "consumer")
    return None if peak is None else peak / MB


def _by_round(pairs: Iterable[tuple[int, float]]) -> Rounds:
    rounds: dict[int, list[float]] = {}
    for round_, value in pairs:
        rounds.setdefault(round_, []).append(value)
    return rounds
