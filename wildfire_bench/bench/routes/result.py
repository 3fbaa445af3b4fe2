"""What a comparison of routes measured, and whether its goals are reached."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, Literal

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.routes.stages import ImageStages, median_stages
from wildfire_bench.bench.statistics import (
    Interval,
    Rounds,
    round_difference_interval,
    round_ratio_interval,
)

__all__ = [
    "GOALS",
    "VARIANTS",
    "RatioGoal",
    "RouteSample",
    "RoutesPlan",
    "RoutesResult",
    "VariantName",
]

VariantName = Literal["library", "raw_message", "bare_chunks"]
VARIANTS: Final[tuple[VariantName, ...]] = ("library", "raw_message", "bare_chunks")


@dataclass(frozen=True, slots=True)
class RatioGoal:
    """What the library's chunks are to reach against a rival."""

    metric: str
    rival: VariantName
    bound: float
    more_is_better: bool

    def reached_by(self, ratio: float) -> bool:
        """Whether a ratio lies on the right side of the bound."""
        return ratio >= self.bound if self.more_is_better else ratio <= self.bound


GOALS: Final = {
    "throughput, chunks against one raw message": RatioGoal("mb_per_s", "raw_message", 1.2, True),
    "p50 latency, chunks against one raw message": RatioGoal(
        "latency_ms", "raw_message", 0.75, False
    ),
    "producer peak memory, chunks against one raw": RatioGoal(
        "producer_peak_bytes", "raw_message", 0.5, False
    ),
    "throughput, library against the bare loop": RatioGoal("mb_per_s", "bare_chunks", 0.95, True),
}
ADDED_GOAL: Final = "p50 latency that the library adds to the bare loop, ms"
ADDED_BOUND_MS: Final = 3.0


@dataclass(frozen=True, slots=True)
class RoutesPlan:
    """What is carried, how often, and over what."""

    rounds: int = 7
    """Times that every variant is measured; once more before that, for the brokers' compiler."""
    warm_up_images: int = 10
    """In each round, whose processes are new: until these have touched all the memory that they
    will use again. With fewer, a variant that keeps memory is measured while it still takes it."""
    latency_images: int = 15
    throughput_images: int = 12
    size_bytes: int = 30_000_000
    """Of the scene; above the direct route's threshold."""
    chunk_bytes: int | None = None
    """Of the library's chunks and of the bare loop's alike; None for the settings'."""
    link_mbit_per_s: float | None = None
    """Of a full-duplex link between clients and brokers; None for loopback as it is."""


@dataclass(frozen=True, slots=True)
class RouteSample:
    """One variant in one round."""

    variant: VariantName
    round: int
    latency_ms: tuple[float, ...]
    first_image_ms: float
    """Latency of the first image of two new processes, connections and topic included."""
    mb_per_s: float
    producer_cpu_s_per_gb: float
    consumer_cpu_s_per_gb: float
    broker_cpu_s_per_gb: float | None
    producer_peak_bytes: int
    consumer_peak_bytes: int
    stages: tuple[ImageStages, ...] = ()
    """Of each image of `latency_ms`; the library alone tells them."""


@dataclass(frozen=True, slots=True)
class RoutesResult:
    """The whole run, raw samples included."""

    plan: RoutesPlan
    size_bytes: int
    dataset: str
    codec: str
    """Of the library's chunks and of the bare loop's; the raw message has none."""
    chunk_bytes: int
    """Of both."""
    environment: Environment
    samples: tuple[RouteSample, ...]
    notes: tuple[str, ...]
    duration_s: float

    def values(self, variant: VariantName, metric: str) -> list[float]:
        """Samples of a metric: one a round, and every image's for latency."""
        return _flat(self._by_round(variant, metric))

    def ratios(self) -> dict[str, dict[str, Any]]:
        """Each goal with its value, interval, bound and whether the value reaches it."""
        answers: dict[str, dict[str, Any]] = {}
        for name, goal in GOALS.items():
            ours = self._by_round("library", goal.metric)
            theirs = self._by_round(goal.rival, goal.metric)
            ratio = _median(ours) / _median(theirs)
            answers[name] = {
                "value": ratio,
                **_ends(round_ratio_interval(ours, theirs)),
                "n": len(_flat(ours)),
                "bound": goal.bound,
                "reached": goal.reached_by(ratio),
            }
        ours = self._by_round("library", "latency_ms")
        bare = self._by_round("bare_chunks", "latency_ms")
        added_ms = _median(ours) - _median(bare)
        answers[ADDED_GOAL] = {
            "value": added_ms,
            **_ends(round_difference_interval(ours, bare)),
            "n": len(_flat(ours)),
            "bound": ADDED_BOUND_MS,
            "reached": added_ms <= ADDED_BOUND_MS,
        }
        return answers

    def stages(self) -> dict[str, float]:
        """Where the library's milliseconds go: the median of each stage over all images."""
        return median_stages(self.all_stages())

    def all_stages(self) -> list[ImageStages]:
        """Of every image whose latency was measured and that the library carried."""
        return [image for one in self.samples for image in one.stages]

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {**asdict(self), "ratios": self.ratios(), "stages_ms": self.stages()}

    def _by_round(self, variant: VariantName, metric: str) -> Rounds:
        found: dict[int, tuple[float, ...]] = {}
        for one in self.samples:
            if one.variant == variant:
                value = getattr(one, metric)
                found[one.round] = value if isinstance(value, tuple) else (float(value),)
        return found


def _flat(rounds: Rounds) -> list[float]:
    return [value for found in rounds.values() for value in found]


def _median(rounds: Rounds) -> float:
    return median(_flat(rounds))


def _ends(interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return {"low": None, "high": None}
    return {"low": interval.low, "high": interval.high}
