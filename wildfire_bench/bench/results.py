"""What a run of the comparison leaves behind: every raw sample, and how to read it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.variants import Variant
from wildfire_bench.bench.workload import Workload
from wildfire_bench.errors import BenchmarkError

__all__ = [
    "GB",
    "SCHEMA_VERSION",
    "BeforeAfter",
    "Block",
    "Check",
    "Sample",
    "Scene",
    "SceneSize",
    "SerializationSample",
    "load_results",
    "save_results",
]

SCHEMA_VERSION = 2
MAX_RESULTS_BYTES = 64 << 20
GB = 1e9


@dataclass(frozen=True, slots=True)
class Scene:
    """The image that was carried."""

    name: str
    """As `wildfire_bench.samples` knows it."""
    source_id: str
    size_bytes: int
    sha256: str
    provenance: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One image through Kafka and back."""

    variant: str
    round: int
    """0 is the warm-up round, left out of every statistic."""
    index: int
    size_bytes: int
    end_to_end_ms: float | None
    """From the intended send to the verified image in the consumer's hands; None if it failed."""
    acknowledged_ms: float | None
    """From the intended send to the acknowledgement by all in-sync replicas."""
    value_bytes: int | None
    """Bytes of the Kafka value as the application handed it over."""
    records: int | None
    """Payload records of the image."""
    identical: bool
    """Whether the received bytes have the SHA-256 of the sent ones."""
    error: str | None = None
    """What went wrong; a failed sample is kept."""


@dataclass(frozen=True, slots=True)
class Block:
    """One variant in one round: what can only be told of several images together."""

    variant: str
    round: int
    images: int
    """Images in this block that went through."""
    image_bytes: int
    """Raw bytes of them together."""
    producer_cpu_s: float
    consumer_cpu_s: float
    broker_cpu_s: float | None
    """None when the brokers are not processes of this machine."""
    stored_bytes: int | None
    """Growth of the topics in the brokers' log directories; None if the brokers do not tell."""
    stored_file_bytes: int | None
    """The same from the segment files; None when they are not on this machine."""
    wire_bytes: int | None
    """Bytes of produce requests as librdkafka counts them; None if the client does not tell."""
    load: float
    """Runnable processes of the machine at the block's end (1-minute average)."""

    def cpu_s(self, process: str) -> float | None:
        """CPU seconds of ``producer``, ``consumer``, ``broker`` or ``total``; None if unknown."""
        if process == "total":
            if self.broker_cpu_s is None:
                return None
            return self.producer_cpu_s + self.consumer_cpu_s + self.broker_cpu_s
        cpu_s: float | None = getattr(self, f"{process}_cpu_s")
        return cpu_s


@dataclass(frozen=True, slots=True)
class SerializationSample:
    """One timing of the work from image bytes to Kafka value, nothing sent."""

    path: str
    """Name of the way, as in `wildfire_bench.bench.variants.PATHS`."""
    round: int
    milliseconds: float
    """CPU time of the one thread that does it."""
    value_bytes: int


@dataclass(frozen=True, slots=True)
class SceneSize:
    """What one image of another kind takes, sent once by one variant."""

    scene: str
    """As `wildfire_bench.samples` knows it."""
    kind: str
    """What its pixels are, in words."""
    variant: str
    size_bytes: int
    stored_bytes: int | None
    """Growth of the topics in the brokers' log directories."""
    wire_bytes: int | None
    """Bytes of produce requests."""
    identical: bool


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one short deterministic measurement (`wildfire_bench.bench.checks`)."""

    name: str
    value: float
    unit: str
    detail: str
    """What was done and seen, in a sentence."""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A whole run."""

    schema_version: int
    started: str
    """RFC 3339, UTC."""
    duration_s: float
    workload: Workload
    scene: Scene
    environment: Environment
    variants: tuple[Variant, ...]
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

    def end_to_end_ms(self, variant: str) -> list[float]:
        """List the latencies of the images that arrived, in milliseconds, warm-up left out."""
        return [
            s.end_to_end_ms
            for s in self.samples
            if s.variant == variant and s.round > 0 and s.end_to_end_ms is not None
        ]

    def cpu_s_per_gb(self, variant: str, process: str) -> list[float]:
        """List the CPU seconds per GB of raw image, a value per round.

        Parameters
        ----------
        variant
            Whose.
        process
            ``producer``, ``consumer``, ``broker`` or ``total``. Empty when it was not measured.
        """
        by_round = self.cpu_s_per_gb_by_round(variant, process)
        return [value for values in by_round.values() for value in values]

    def cpu_s_per_gb_by_round(self, variant: str, process: str) -> dict[int, list[float]]:
        """Give the same by round."""
        return {
            b.round: [cpu / (b.image_bytes / GB)]
            for b in self.blocks
            if b.variant == variant and b.round > 0 and b.images > 0
            if (cpu := b.cpu_s(process)) is not None
        }

    def serialization_ms(self, path: str) -> list[float]:
        """List the timings of one way from image to Kafka value, warm-up left out."""
        return [s.milliseconds for s in self.serialization if s.path == path and s.round > 0]

    def failures(self) -> list[Sample]:
        """List the images that did not arrive, or not as they were sent."""
        return [s for s in self.samples if s.error is not None or not s.identical]


def save_results(results: BeforeAfter, path: Path) -> Path:
    """Write results as JSON; an interrupted write leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(_ADAPTER.dump_json(results, indent=1))
    return partial.replace(path)


def load_results(path: Path) -> BeforeAfter:
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


_ADAPTER = TypeAdapter(BeforeAfter)
