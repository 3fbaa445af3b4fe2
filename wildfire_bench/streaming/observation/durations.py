"""How long things take, counted by bucket: cheap to note, and read at any time."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

__all__ = ["BOUNDS_S", "DurationCounts", "Durations", "StageDurations"]

BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the buckets; what is longer goes into one more."""


@dataclass(frozen=True, slots=True)
class DurationCounts:
    """Durations noted so far."""

    counts: tuple[int, ...]
    """In each bucket alone, the one without a bound last."""
    sum_s: float

    @property
    def total(self) -> int:
        """How many."""
        return sum(self.counts)


class Durations:
    """Counts durations; belongs to one thread, `counts` may be called from any."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0

    def note(self, seconds: float) -> None:
        """Count one. A negative one, as clocks of two machines may give, counts as none at all."""
        seconds = max(0.0, seconds)
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1
        self._sum_s += seconds

    def counts(self) -> DurationCounts:
        """What was noted."""
        return DurationCounts(tuple(self._counts), self._sum_s)


class StageDurations:
    """Durations of several stages of one way.

    Parameters
    ----------
    stages
        Their names. Others are passed over, so that what readers see is bounded.
    """

    def __init__(self, *stages: str) -> None:
        self._stages = {stage: Durations() for stage in stages}

    def note(self, stage: str, seconds: float) -> None:
        """Count one duration of a stage."""
        durations = self._stages.get(stage)
        if durations is not None:
            durations.note(seconds)

    def counts(self) -> dict[str, DurationCounts]:
        """What was noted, by stage."""
        return {stage: durations.counts() for stage, durations in self._stages.items()}
