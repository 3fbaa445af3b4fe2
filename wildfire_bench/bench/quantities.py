"""What a run can measure, by name: its unit, its verb, and its samples round by round."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, Literal

from wildfire_bench.bench.results import BeforeAfter
from wildfire_bench.bench.statistics import Rounds

__all__ = ["MB", "SIZES", "UNITS", "VERBS", "Quantity", "rounds_of", "samples_of"]

Quantity = Literal["stored_mb", "wire_mb", "end_to_end_ms", "serialization_ms", "cpu_s_per_gb"]
"""Each has its unit in its name; megabytes are 1,000,000 bytes. Less of each is better."""

MB: Final = 1e6
UNITS: Final = MappingProxyType[Quantity, str](
    {
        "stored_mb": "MB",
        "wire_mb": "MB",
        "end_to_end_ms": "ms",
        "serialization_ms": "ms",
        "cpu_s_per_gb": "CPU s/GB",
    }
)
VERBS: Final = MappingProxyType[Quantity, str](
    {
        "stored_mb": "stores",
        "wire_mb": "sends",
        "end_to_end_ms": "takes",
        "serialization_ms": "takes",
        "cpu_s_per_gb": "uses",
    }
)
SIZES: Final = frozenset[Quantity]({"stored_mb", "wire_mb"})
"""These hardly vary from round to round."""


def rounds_of(results: BeforeAfter, quantity: Quantity, name: str) -> Rounds:
    """Get the raw samples of one variant or serialization path, warm-up left out.

    Parameters
    ----------
    results
        A run.
    quantity
        Which; the samples are in its unit.
    name
        Variant, or serialization path for ``serialization_ms``.

    Returns
    -------
    mapping of int to list of float
        By round; rounds without a sample are not in it.
    """
    blocks = [b for b in results.blocks if b.variant == name and b.round > 0 and b.images > 0]
    if quantity == "stored_mb":
        return _by_round(
            (b.round, b.stored_bytes / b.images / MB) for b in blocks if b.stored_bytes
        )
    if quantity == "wire_mb":
        return _by_round((b.round, b.wire_bytes / b.images / MB) for b in blocks if b.wire_bytes)
    if quantity == "cpu_s_per_gb":
        return results.cpu_s_per_gb_by_round(name, "total")
    if quantity == "serialization_ms":
        return _by_round(
            (s.round, s.milliseconds)
            for s in results.serialization
            if s.path == name and s.round > 0
        )
    return _by_round(
        (s.round, s.end_to_end_ms)
        for s in results.samples
        if s.variant == name and s.round > 0 and s.end_to_end_ms is not None
    )


def samples_of(results: BeforeAfter, quantity: Quantity, name: str) -> list[float]:
    """Get the same in one list, rounds in their order."""
    rounds = rounds_of(results, quantity, name)
    return [value for round_ in sorted(rounds) for value in rounds[round_]]


def _by_round(pairs: Iterable[tuple[int, float]]) -> Rounds:
    rounds: dict[int, list[float]] = {}
    for round_, value in pairs:
        rounds.setdefault(round_, []).append(value)
    return rounds
