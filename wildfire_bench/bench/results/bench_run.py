"""What a run leaves behind: every raw sample, and how to read it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.measurements import (
    Block,
    Check,
    Sample,
    Scene,
    SceneSize,
    SerializationSample,
    WireCount,
)
from wildfire_bench.bench.workloads.drivers import Driver
from wildfire_bench.bench.workloads.workload import Workload
from wildfire_bench.errors import BenchmarkError

__all__ = [
    "GB",
    "SCHEMA_VERSION",
    "BenchRun",
    "Block",
    "Check",
    "Sample",
    "Scene",
    "SceneSize",
    "Selection",
    "SerializationSample",
    "WireCount",
    "load_results",
    "save_results",
]

SCHEMA_VERSION = 3
MAX_RESULTS_BYTES = 64 << 20
GB = 1e9


@dataclass(frozen=True, slots=True)
class Selection:
    """One size and one pattern of a run."""

    size_bytes: int
    """As in `Scene.size_bytes`."""
    pattern: str
    """As `Pattern.name`."""

    def has(self, row: Sample | Block) -> bool:
        """Whether a sample or a block belongs to it."""
        return (row.size_bytes, row.pattern) == (self.size_bytes, self.pattern)


@dataclass(frozen=True, slots=True)
class BenchRun:
    """A whole run."""

    schema_version: int
    started: str
    """RFC 3339, UTC."""
    duration_s: float
    workload: Workload
    scene: Scene
    environment: Environment
    variants: tuple[Driver, ...]
    samples: tuple[Sample, ...]
    blocks: tuple[Block, ...]
    serialization: tuple[SerializationSample, ...]
    scenes: tuple[SceneSize, ...]
    """Empty where the workload asks for none."""
    checks: tuple[Check, ...]
    """The same."""
    settings: dict[str, Any]
    """Those that every variant shares; neither addresses nor secrets."""
    notes: tuple[str, ...]
    """What a reader must know: a probe that was not possible, a machine that was busy."""
    more_scenes: tuple[Scene, ...] = ()
    """The images of the workload's other sizes."""
    wire: tuple[WireCount, ...] = ()
    """Empty where the workload asks for none."""

    @property
    def images(self) -> tuple[Scene, ...]:
        """The images that were carried, in the order of the workload's sizes."""
        return (self.scene, *self.more_scenes)

    def samples_of(self, variant: str, of: Selection | None = None) -> list[Sample]:
        """List the samples of a variant, warm-up left out; failed ones are among them."""
        chosen = of or self.main
        return [s for s in self.samples if s.variant == variant and s.round > 0 and chosen.has(s)]

    def blocks_of(self, variant: str, of: Selection | None = None) -> list[Block]:
        """List the blocks of a variant in which images went through, warm-up left out."""
        chosen = of or self.main
        found = (b for b in self.blocks if b.variant == variant and b.round > 0 and b.images > 0)
        return [b for b in found if chosen.has(b)]

    @property
    def main(self) -> Selection:
        """The first size and the first pattern: what claims are about."""
        return Selection(self.scene.size_bytes, self.workload.patterns[0].name)

    def end_to_end_ms(self, variant: str, of: Selection | None = None) -> list[float]:
        """List the latencies of the images that arrived, in milliseconds, warm-up left out."""
        return [
            s.end_to_end_ms for s in self.samples_of(variant, of) if s.end_to_end_ms is not None
        ]

    def cpu_s_per_gb(self, variant: str, process: str) -> list[float]:
        """List the CPU seconds per GB of raw image, a value per round.

        Parameters
        ----------
        variant
            Whose.
        process
            As for `Block.cpu_s`. Empty when it was not measured.
        """
        by_round = self.cpu_s_per_gb_by_round(variant, process)
        return [value for values in by_round.values() for value in values]

    def cpu_s_per_gb_by_round(
        self, variant: str, process: str, of: Selection | None = None
    ) -> dict[int, list[float]]:
        """Give the same by round."""
        return {
            b.round: [cpu / (b.image_bytes / GB)]
            for b in self.blocks_of(variant, of)
            if (cpu := b.cpu_s(process)) is not None
        }

    def system_cpu_s_per_gb(self, variant: str, process: str) -> list[float]:
        """List the kernel's part of `cpu_s_per_gb`, of one process, a value per round."""
        found = ((b.system_cpu_s(process), b.image_bytes) for b in self.blocks_of(variant))
        return [system_s / (size / GB) for system_s, size in found if system_s is not None]

    def serialization_ms(self, path: str) -> list[float]:
        """List the timings of one way from image to Kafka value, warm-up left out."""
        return [s.milliseconds for s in self.serialization if s.path == path and s.round > 0]

    def failures(self) -> list[Sample]:
        """List the images that did not arrive, or not as they were sent."""
        return [s for s in self.samples if s.error is not None or not s.identical]


def save_results(results: BenchRun, path: Path) -> Path:
    """Write results as JSON; an interrupted write leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(_ADAPTER.dump_json(results, indent=1))
    return partial.replace(path)


def load_results(path: Path) -> BenchRun:
    """Read results back.

    Raises
    ------
    BenchmarkError
        If there are none, they are damaged, or another schema version wrote them.
    """
    try:
        size = path.stat().st_size
        if size > MAX_RESULTS_BYTES:
            msg = f"{path} has {size:,} bytes, results have at most {MAX_RESULTS_BYTES:,}"
            raise BenchmarkError(msg)
        results = _ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        msg = f"no results at {path} ({error.strerror}): run `wildfire-bench report` first"
        raise BenchmarkError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"{path} is not a results file of this version ({where}: {first['msg']}): run again"
        raise BenchmarkError(msg) from error
    if results.schema_version != SCHEMA_VERSION:
        msg = (
            f"{path} has schema version {results.schema_version}, this program reads "
            f"{SCHEMA_VERSION}: run again"
        )
        raise BenchmarkError(msg)
    return results


_ADAPTER = TypeAdapter(BenchRun)
