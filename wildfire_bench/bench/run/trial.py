"""What is tried in one block: a driver, an image, a round and a pace, and the samples of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wildfire_bench.bench.measurements import Sample
from wildfire_bench.bench.worker import Arrival, Failure, Sent
from wildfire_bench.bench.workloads.drivers import Driver
from wildfire_bench.bench.workloads.workload import Pattern
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import Sample as SampleFile

__all__ = ["Carried", "Trial", "seconds_of"]

Carried = tuple[Sent | Failure, Arrival | None]
"""What became of one image on either side."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Images of one size by one driver, paced in one way."""

    driver: Driver
    scene: SampleFile
    round: int
    pattern: Pattern

    def sample(self, index: int, sent: Sent | Failure, arrival: Arrival | None) -> Sample:
        """Make the sample of an image, whatever became of it."""
        if isinstance(sent, Failure):
            return self.failed(index, f"producer: {sent.kind}: {sent.message}")
        if arrival is None:
            return self.failed(index, "the image did not arrive in time")
        identical = arrival.sha256 == self.scene.sha256
        return Sample(
            variant=self.driver.name,
            round=self.round,
            index=index,
            size_bytes=self.scene.size_bytes,
            end_to_end_ms=(arrival.arrived_ns - sent.due_ns) / 1e6,
            acknowledged_ms=(sent.acknowledged_ns - sent.due_ns) / 1e6,
            value_bytes=sent.value_bytes,
            records=sent.records,
            identical=identical,
            error=None if identical else "received other bytes than were sent",
            pattern=self.pattern.name,
            route=sent.route,
        )

    def failed(self, index: int, error: str) -> Sample:
        """Make the sample of an image that did not get through; it is kept."""
        return Sample(
            variant=self.driver.name,
            round=self.round,
            index=index,
            size_bytes=self.scene.size_bytes,
            end_to_end_ms=None,
            acknowledged_ms=None,
            value_bytes=None,
            records=None,
            identical=False,
            error=error,
            pattern=self.pattern.name,
        )


def seconds_of(carried: Sequence[Carried]) -> float:
    """Take the time from the first intended send to the last arrival.

    Raises
    ------
    BenchmarkError
        If no image arrived.
    """
    due = [sent.due_ns for sent, _ in carried if isinstance(sent, Sent)]
    arrived = [arrival.arrived_ns for _, arrival in carried if arrival is not None]
    if not due or not arrived:
        msg = "no image of the block arrived"
        raise BenchmarkError(msg)
    return (max(arrived) - min(due)) / 1e9
