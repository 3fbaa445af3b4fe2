"""Up to which size a route is the better one: the thresholds that a run over the routes gives.

Two routes are held against each other at every size that both carry. A route stays the better one
as long as it is not shown to be slower: its ratio's whole interval must lie above 1 before the
other takes over, so that a threshold is not moved by noise. Between two measured sizes nothing is
known, and the smaller one is recommended.
"""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.bench.results.bench_run import BenchRun, Selection
from wildfire_bench.bench.statistics import Interval, round_ratio_interval
from wildfire_bench.bench.verdicts.quantities import Quantity, rounds_of
from wildfire_bench.bench.workloads.drivers import ROUTE_DRIVERS
from wildfire_bench.settings import RoutingSettings

__all__ = ["Step", "Threshold", "find_threshold", "thresholds"]


@dataclass(frozen=True, slots=True)
class Step:
    """Two routes at one size."""

    size_bytes: int
    ratio: Interval | None
    """Of the first over the second; None with fewer than five rounds."""

    @property
    def slower(self) -> bool:
        """Whether the first is slower beyond what the samples can tell."""
        return self.ratio is not None and self.ratio.low > 1


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where one route hands over to the next."""

    route: str
    """Driver of the route for smaller images."""
    following: str
    """Driver of the route that takes over."""
    guide_bytes: int
    """Where the guide hands over."""
    steps: tuple[Step, ...]
    """By size; empty if no size was carried by both."""

    @property
    def decided(self) -> bool:
        """Whether there are rounds enough at every size."""
        return bool(self.steps) and all(step.ratio is not None for step in self.steps)

    @property
    def crossing(self) -> Step | None:
        """The smallest size at which the first route is slower; None if it is nowhere."""
        return next((step for step in self.steps if step.slower), None)

    @property
    def recommended_bytes(self) -> int | None:
        """Largest measured size before the crossing; None if undecided, or if there is none."""
        if not self.decided:
            return None
        crossing = self.crossing
        before = [
            step.size_bytes
            for step in self.steps
            if crossing is None or step.size_bytes < crossing.size_bytes
        ]
        return before[-1] if before else None


def thresholds(results: BenchRun, quantity: Quantity = "end_to_end_ms") -> tuple[Threshold, ...]:
    """Find both thresholds of the guide: from direct to chunked, and on to the reference.

    Parameters
    ----------
    results
        A run of the drivers in `ROUTE_DRIVERS` at several sizes.
    quantity
        By which routes are compared; less must be better.
    """
    direct, chunked, reference = ROUTE_DRIVERS
    guide = RoutingSettings()
    return (
        find_threshold(results, (direct, chunked), guide.direct_max_bytes, quantity),
        find_threshold(results, (chunked, reference), guide.chunked_max_bytes, quantity),
    )


def find_threshold(
    results: BenchRun, routes: tuple[str, str], guide_bytes: int, quantity: Quantity
) -> Threshold:
    """Hold two routes against each other at every size of a run.

    Parameters
    ----------
    results
        The run; its first pattern counts.
    routes
        Drivers of the route for smaller images and of the one that takes over.
    guide_bytes
        Where the guide hands over.
    quantity
        By which.
    """
    steps = []
    for scene in sorted(results.images, key=lambda each: each.size_bytes):
        of = Selection(scene.size_bytes, results.main.pattern)
        first, second = (rounds_of(results, quantity, name, of) for name in routes)
        if first and second:
            steps.append(Step(scene.size_bytes, round_ratio_interval(first, second)))
    return Threshold(*routes, guide_bytes, tuple(steps))
