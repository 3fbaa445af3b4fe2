"""How metrics come to be: a function for each kind of snapshot, found by itself.

A module in `wildfire_bench.monitoring.metrics` has functions marked with `reads`. Whoever adds a
part gives a snapshot of a type of its own (`wildfire_bench.streaming.observation.snapshots`) and
puts such a module there; nothing else has to know of either.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar, cast

from prometheus_client.core import Metric

from wildfire_bench.streaming.observation.snapshots import Snapshot

__all__ = ["Reader", "find_readers", "reads"]

S = TypeVar("S", bound=Snapshot)
Reader: TypeAlias = Callable[[Sequence[Snapshot]], Iterable[Metric]]

_READERS: list[tuple[type, Reader]] = []


def reads(
    kind: type[S],
) -> Callable[
    [Callable[[Sequence[S]], Iterable[Metric]]], Callable[[Sequence[S]], Iterable[Metric]]
]:
    """Mark a function that makes metrics of all snapshots of a kind.

    It is called at every scrape, also with none: then it gives its metrics without a sample, or
    with zeros. It must not wait for anything.
    """

    def register(
        reader: Callable[[Sequence[S]], Iterable[Metric]],
    ) -> Callable[[Sequence[S]], Iterable[Metric]]:
        _READERS.append((kind, cast("Reader", reader)))
        return reader

    return register


def find_readers() -> tuple[tuple[type, Reader], ...]:
    """All of them, after every module of `wildfire_bench.monitoring.metrics` was imported."""
    package = importlib.import_module("wildfire_bench.monitoring.metrics")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return tuple(_READERS)
