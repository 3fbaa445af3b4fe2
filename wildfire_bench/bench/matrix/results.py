"""What a run over the lanes leaves behind: every raw sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.matrix.sizes import BatchSize, FormSize
from wildfire_bench.bench.matrix.workload import MatrixWorkload, Variant
from wildfire_bench.settings import DataType

__all__ = ["AlertRun", "LaneSample", "MatrixResult", "StoredLane", "save_matrix"]


@dataclass(frozen=True, slots=True)
class LaneSample:
    """One lane with one codec in one round."""

    data_type: DataType
    variant: Variant
    round: int
    latencies_ms: tuple[float, ...]
    """Of each record, or of the one burst."""


@dataclass(frozen=True, slots=True)
class StoredLane:
    """What all records of a lane and codec take on the brokers' disks."""

    data_type: DataType
    variant: Variant
    value_bytes: int
    """As JSON."""
    stored_bytes: int
    """In the log segments, headers, keys and batch heads included."""


@dataclass(frozen=True, slots=True)
class AlertRun:
    """Alerts at a steady rate, alone or beside images."""

    images_in_flight: int
    """0: alone."""
    latencies_ms: tuple[float, ...]
    images: int
    """Received meanwhile."""
    image_mb_per_s: float


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """A whole run."""

    started: str
    """RFC 3339, UTC."""
    duration_s: float
    workload: MatrixWorkload
    environment: Environment
    samples: tuple[LaneSample, ...]
    stored: tuple[StoredLane, ...]
    alerts: tuple[AlertRun, ...]
    sizes: tuple[BatchSize, ...]
    forms: tuple[FormSize, ...]
    notes: tuple[str, ...]

    def latencies_ms(self, data_type: DataType, variant: Variant) -> list[float]:
        """All latencies of a lane and codec."""
        return [ms for each in self._of(data_type, variant) for ms in each.latencies_ms]

    def round_medians_ms(self, data_type: DataType, variant: Variant) -> list[float]:
        """The median latency of each round: rounds are independent, records of one are not."""
        return [_median(each.latencies_ms) for each in self._of(data_type, variant)]

    def alert_latencies_ms(self, *, beside_images: bool) -> list[float]:
        """Latencies of the alerts of the last part."""
        return [
            ms
            for run in self.alerts
            if (run.images_in_flight > 0) == beside_images
            for ms in run.latencies_ms
        ]

    def stored_lane(self, data_type: DataType, variant: Variant) -> StoredLane:
        """What a lane and codec take on disk."""
        return next(
            each for each in self.stored if (each.data_type, each.variant) == (data_type, variant)
        )

    def _of(self, data_type: DataType, variant: Variant) -> list[LaneSample]:
        return [s for s in self.samples if (s.data_type, s.variant) == (data_type, variant)]


def save_matrix(result: MatrixResult, path: Path) -> Path:
    """Write a run as JSON; an interrupted write leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(_ADAPTER.dump_json(result))
    return partial.replace(path)


def _median(values: tuple[float, ...]) -> float:
    import numpy as np

    return float(np.median(values))


_ADAPTER = TypeAdapter(MatrixResult)
