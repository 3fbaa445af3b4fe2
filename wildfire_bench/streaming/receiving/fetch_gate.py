"""When fetching has to wait: too much is held for the caller, or too much is not written yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from wildfire_bench.streaming.receiving.inbound import PartitionState

__all__ = ["FetchGate", "Overload"]

MAX_WAITING_IMAGES: Final = 1_000
"""Completed images, however small, that may wait for the caller."""
MAX_UNWRITTEN_LETTERS: Final = 1_000
"""Dead letters that may be under way."""


@dataclass(frozen=True, slots=True)
class Overload:
    """What is measured against the limits."""

    held_bytes: int
    """Of images that are complete, or with the caller."""
    waiting_images: int
    """Complete, and not with the caller."""
    unwritten_letters: int


class FetchGate:
    """Pauses and resumes partitions; with a margin, since a pause discards what was prefetched.

    Incomplete images are no reason to wait: a pause cannot free what needs chunks behind it.

    Parameters
    ----------
    ready_bytes
        Completed images that may wait for the caller.
    """

    def __init__(self, ready_bytes: int) -> None:
        self._ready_bytes = ready_bytes
        self._paused: set[PartitionState] = set()  # not by number: one that comes back is not

    def adjust(
        self,
        consumer: Consumer,
        partitions: Mapping[tuple[str, int], PartitionState],
        overload: Overload,
    ) -> None:
        """Pause what has to wait and resume what need not."""
        paused = {scope for scope, state in partitions.items() if state in self._paused}
        overloaded = self._overloaded(overload, resuming=bool(paused))
        wanted = set(partitions) if overloaded else set()
        _apply(wanted - paused, consumer.pause)
        _apply(paused - wanted, consumer.resume)
        for scope in wanted - paused:
            partitions[scope].clock.suspend()
        for scope in wanted:
            if partitions[scope].ledger.full:  # only time frees it: let it run
                partitions[scope].clock.at_end()
        for scope in paused - wanted:
            partitions[scope].clock.at_end()  # until the next record comes
        self._paused = {partitions[scope] for scope in wanted}

    def _overloaded(self, overload: Overload, *, resuming: bool) -> bool:
        margin = 2 if resuming else 1
        return (
            (overload.held_bytes > self._ready_bytes // margin and overload.waiting_images > 0)
            or overload.waiting_images > MAX_WAITING_IMAGES // margin
            or overload.unwritten_letters > MAX_UNWRITTEN_LETTERS // margin
        )


def _apply(scopes: set[tuple[str, int]], change: Callable[[list[TopicPartition]], None]) -> None:
    if scopes:
        change([TopicPartition(*scope) for scope in scopes])
