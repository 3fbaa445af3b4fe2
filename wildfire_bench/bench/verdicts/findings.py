"""What a claim comes to: a verdict, the measured value, and a sentence with the figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wildfire_bench.bench.statistics import Interval
from wildfire_bench.bench.verdicts.claims import Claim, Comparison

__all__ = ["Finding", "Reading", "SceneReading", "Verdict"]


class Verdict(StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "does not hold"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured for one way to read a claim."""

    comparison: Comparison
    measured: Interval | None
    samples: int
    """The smaller count of the two sides."""
    rounds: int
    """In how many rounds they were taken."""
    holds: bool


@dataclass(frozen=True, slots=True)
class SceneReading:
    """The same of one other kind of scene, of which one image was sent."""

    kind: str
    when: str
    """As in the comparison; another reading than the guide's words is kept only where it holds."""
    measured: float
    """In the claim's unit."""
    holds: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, what was measured, and what that means."""

    claim: Claim
    verdict: Verdict
    measured: Interval | None
    """Percent less, or a value in the claim's unit; of the reading that the guide's words give."""
    samples: int
    """The smaller count of the two sides."""
    scenes: tuple[SceneReading, ...]
    """Sizes only: every kind of scene, the main one first; empty if only one was measured."""
    sentence: str
    """Why, with the figures."""
