"""The chunked route against one raw message, and against the least that could do its work.

All variants carry the same 30 MB scene, in one run, in a new order each round, each in processes of
its own (so that its peak memory is its own). Latency is one image in flight, from the moment its
send begins to its bytes in the consumer's hands; throughput is images back to back, four in flight,
until the last has arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np

from wildfire_bench.bench.environment import Environment, describe_environment
from wildfire_bench.bench.machine_load import busy_note
from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.route_stages import ImageStages, median_stages, stages_of
from wildfire_bench.bench.routes_worker import (
    IN_FLIGHT,
    serve_routes_consumer,
    serve_routes_producer,
)
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.statistics import ratio_interval
from wildfire_bench.samples import sample
from wildfire_bench.settings import CodecChoice, DataType, Settings
from wildfire_bench.stack import Stack

__all__ = ["RouteSample", "RoutesResult", "VariantName", "measure_routes"]

VariantName = Literal["library", "raw_message", "bare_chunks"]
VARIANTS: tuple[VariantName, ...] = ("library", "raw_message", "bare_chunks")

SIZE_BYTES = 30_000_000
TIMEOUT_S = 120.0
WARM_UP_IMAGES = 2

GOALS: dict[str, tuple[str, VariantName, float, bool]] = {
    "throughput, chunks against one raw message": ("mb_per_s", "raw_message", 1.2, True),
    "p50 latency, chunks against one raw message": ("latency_ms", "raw_message", 0.75, False),
    "producer peak memory, chunks against one raw": (
        "producer_peak_bytes",
        "raw_message",
        0.5,
        False,
    ),
    "throughput, library against the bare loop": ("mb_per_s", "bare_chunks", 0.95, True),
}
"""Metric, rival, bound of the ratio, and whether more is better."""


@dataclass(frozen=True, slots=True)
class RouteSample:
    """One variant in one round."""

    variant: VariantName
    round: int
    latency_ms: tuple[float, ...]
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

    size_bytes: int
    dataset: str
    codec: str
    """Of the library's chunks and of the bare loop's; the raw message has none."""
    rounds: int
    latency_images: int
    throughput_images: int
    environment: Environment
    samples: tuple[RouteSample, ...]
    notes: tuple[str, ...]
    duration_s: float

    def values(self, variant: VariantName, metric: str) -> list[float]:
        """Samples of a metric: one a round, and every image's for latency."""
        found: list[float] = []
        for one in self.samples:
            if one.variant == variant:
                value = getattr(one, metric)
                found.extend(value if isinstance(value, tuple) else [float(value)])
        return found

    def ratios(self) -> dict[str, dict[str, Any]]:
        """Each goal with its ratio, interval, bound and whether it was reached."""
        answers: dict[str, dict[str, Any]] = {}
        for name, (metric, rival, bound, more_is_better) in GOALS.items():
            ours, theirs = self.values("library", metric), self.values(rival, metric)
            ratio = median(ours) / median(theirs)
            interval = ratio_interval(ours, theirs)
            answers[name] = {
                "value": ratio,
                "low": None if interval is None else interval.low,
                "high": None if interval is None else interval.high,
                "n": len(ours),
                "bound": bound,
                "reached": ratio >= bound if more_is_better else ratio <= bound,
            }
        own, bare = self.values("library", "latency_ms"), self.values("bare_chunks", "latency_ms")
        added = median(own) - median(bare)
        answers["p50 latency that the library adds to the bare loop, ms"] = {
            "value": added,
            "bound": 3.0,
            "reached": added <= 3.0,
            "n": len(own),
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


def measure_routes(
    stack: Stack,
    *,
    rounds: int = 7,
    latency_images: int = 5,
    throughput_images: int = 12,
    size_bytes: int = SIZE_BYTES,
    codec: CodecChoice | None = None,
    progress: Callable[[str], None] | None = None,
) -> RoutesResult:
    """Compare the chunked route with one raw message and with a bare loop.

    Parameters
    ----------
    stack
        Where to.
    rounds
        Times that every variant is measured.
    latency_images, throughput_images
        Images a round and variant.
    size_bytes
        Of the scene; above the direct route's threshold.
    codec
        Of the library's chunks and of the bare loop's alike; None for the settings'.
    progress
        Told a line after every step.

    Raises
    ------
    BenchmarkError
        If a process ends or hangs, or an image arrives altered.
    """
    started = time.monotonic()
    scene = sample("sentinel-2", size_bytes)
    environment = describe_environment(stack)
    probe = ServerProbe(stack.brokers, "brokers")
    base, chosen = _settings_with(stack, codec)
    load = _Load(scene.path, latency_images, throughput_images)
    samples = []
    for round_, variant in _interleaved(rounds):
        prefix = f"routes-{round_}-{variant.replace('_', '-')}-"
        settings = base.model_copy(update={"topic_prefix": prefix})
        with run_topics([settings]):
            samples.append(_measure(variant, round_, settings, load, probe))
        if progress is not None:
            progress(_line(samples[-1], rounds))
    notes = probe.missing, busy_note(environment.load_before, environment.cores)
    return RoutesResult(
        size_bytes=scene.size_bytes,
        dataset=scene.name,
        codec=chosen.codec if chosen.level is None else f"{chosen.codec}-{chosen.level}",
        rounds=rounds,
        latency_images=latency_images,
        throughput_images=throughput_images,
        environment=environment,
        samples=tuple(samples),
        notes=tuple(note for note in notes if note is not None),
        duration_s=time.monotonic() - started,
    )


@dataclass(frozen=True, slots=True)
class _Load:
    path: Path
    latency_images: int
    throughput_images: int


def _settings_with(stack: Stack, codec: CodecChoice | None) -> tuple[Settings, CodecChoice]:
    base = stack.apply(Settings())
    chosen = codec or base.compression_matrix[DataType.SATELLITE_IMAGERY]
    matrix = {**base.compression_matrix, DataType.SATELLITE_IMAGERY: chosen}
    return base.model_copy(update={"compression_matrix": matrix}), chosen


def _interleaved(rounds: int) -> Iterator[tuple[int, VariantName]]:
    """All variants in each round, in an order of its own."""
    order = np.random.default_rng(20251013)
    for round_ in range(rounds):
        for index in order.permutation(len(VARIANTS)):
            yield round_, VARIANTS[int(index)]


def _line(one: RouteSample, rounds: int) -> str:
    return (
        f"round {one.round + 1}/{rounds} {one.variant}: {one.mb_per_s:.0f} MB/s, "
        f"p50 {median(one.latency_ms):.0f} ms, "
        f"producer peak {one.producer_peak_bytes / 1e6:.0f} MB"
    )


def _measure(
    variant: VariantName, round_: int, settings: Settings, load: _Load, probe: ServerProbe
) -> RouteSample:
    with (
        Worker("producer", serve_routes_producer) as producer,
        Worker("consumer", serve_routes_consumer) as consumer,
    ):
        for side in (consumer, producer):
            side.call("open", TIMEOUT_S, variant=variant, settings=settings, path=load.path)

        def carry(images: int, in_flight: int, *, check: bool) -> tuple[list[int], list[int]]:
            consumer.ask("receive", images=images, timeout_s=TIMEOUT_S, check=check)
            begun = producer.call("send", TIMEOUT_S, images=images, in_flight=in_flight)
            return begun, consumer.answer(TIMEOUT_S)

        carry(WARM_UP_IMAGES, 1, check=True)
        latencies, stages = [], []
        for _ in range(load.latency_images):
            (left,), (here,) = carry(1, 1, check=False)
            latencies.append((here - left) / 1e6)
            if variant == "library":
                told = (side.call("seconds", TIMEOUT_S) for side in (producer, consumer))
                stages.append(stages_of(latencies[-1], *told))
        before = producer.call("usage", TIMEOUT_S), consumer.call("usage", TIMEOUT_S)
        broker_before = probe.cpu_s()
        begun, arrived = carry(load.throughput_images, IN_FLIGHT, check=False)
        broker_after = probe.cpu_s()
        after = producer.call("usage", TIMEOUT_S), consumer.call("usage", TIMEOUT_S)
        carry(1, 1, check=True)
    gigabytes = load.throughput_images * load.path.stat().st_size / 1e9
    broker = None
    if broker_before is not None and broker_after is not None:
        broker = (broker_after - broker_before) / gigabytes
    return RouteSample(
        variant=variant,
        round=round_,
        latency_ms=tuple(latencies),
        mb_per_s=gigabytes * 1e3 / ((max(arrived) - min(begun)) / 1e9),
        producer_cpu_s_per_gb=(after[0][0] - before[0][0]) / gigabytes,
        consumer_cpu_s_per_gb=(after[1][0] - before[1][0]) / gigabytes,
        broker_cpu_s_per_gb=broker,
        producer_peak_bytes=after[0][1],
        consumer_peak_bytes=after[1][1],
        stages=tuple(stages),
    )
