"""The run: every variant in every round, in a new order each time, one image in flight.

Producer, broker and consumer are processes of their own. The runner only tells them when; it
measures nothing in itself. A latency runs from the time at which a send was intended, so that a
sender that is late counts, to the verified image in the consumer's hands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from wildfire_bench.bench.block import ANSWER_TIMEOUT_S, BlockRunner
from wildfire_bench.bench.checks import run_checks
from wildfire_bench.bench.environment import describe_environment
from wildfire_bench.bench.probes import BrokerProbe, StorageProbe, busy_note
from wildfire_bench.bench.processes import Worker, WorkerFailure
from wildfire_bench.bench.results import (
    SCHEMA_VERSION,
    BeforeAfter,
    Block,
    Sample,
    Scene,
    SceneSize,
    SerializationSample,
)
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.variants import ACROSS_SCENES, VARIANTS, Variant, variant_named
from wildfire_bench.bench.worker import serve_consumer, serve_producer
from wildfire_bench.bench.workload import Workload
from wildfire_bench.samples import Sample as SampleFile
from wildfire_bench.samples import sample
from wildfire_bench.samples.scenes import SCENES
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack

__all__ = ["OTHER_SCENES", "Progress", "measure_before_after", "print_progress"]

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

SMALL_BYTES = 400_000
"""Opens connections and joins the group before each block; not measured."""
OTHER_SCENES = {
    "blue-marble-rgb": "8-bit RGB",
    "sentinel-2-ndvi": "32-bit float",
    "blue-marble": "compressed already (JPEG)",
}
"""Scene and kind; the main one is of 16-bit bands."""
DISAGREEMENT = 0.001
"""Share by which log directories and files may differ before it is noted."""


def measure_before_after(
    stack: Stack, workload: Workload, progress: Progress | None = None
) -> BeforeAfter:
    """Measure every variant on a real scene.

    Parameters
    ----------
    stack
        Where to; its brokers' CPU time and files are read if they are on this machine.
    workload
        How much.
    progress
        Told after every step.

    Returns
    -------
    BeforeAfter
        With all raw samples; failed images are kept as such.

    Raises
    ------
    BenchmarkError
        If a process of the measurement ends or hangs.
    SampleUnavailable
        If the scene cannot be made.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    scene = sample(workload.dataset, workload.size_bytes)
    environment = describe_environment(stack)
    settings = stack.apply(Settings())
    broker = BrokerProbe(stack.brokers)
    run = _Run(workload, progress or (lambda *_: None))
    run.note(broker.missing)
    run.note(busy_note(environment.load_before, environment.cores))
    with (
        StorageProbe(settings.kafka, stack.brokers) as storage,
        Worker("producer", serve_producer) as producer,
        Worker("consumer", serve_consumer) as consumer,
    ):
        run_id = f"bench-{started:%Y%m%dT%H%M%S}-{producer.pid}"
        blocks = BlockRunner(
            producer, consumer, broker, storage, scene, settings, run_id, workload.timeout_s
        )
        with run_topics([blocks.settings_of(variant) for variant in VARIANTS]):
            run.carry_out(blocks)
            if workload.other_scenes:
                run.carry_other_scenes(blocks)
    if workload.checks:
        run.progress(run.done, run.total, "checking limits, up to an image of 100 MB")
    checks = run_checks(settings) if workload.checks else ()
    run.note(_storage_note(run.blocks))
    return BeforeAfter(
        schema_version=SCHEMA_VERSION,
        started=started.isoformat(timespec="seconds"),
        duration_s=time.monotonic() - clock,
        workload=workload,
        scene=Scene(scene.name, scene.source_id, scene.size_bytes, scene.sha256, scene.provenance),
        environment=environment,
        variants=VARIANTS,
        samples=tuple(run.samples),
        blocks=tuple(run.blocks),
        serialization=tuple(run.serialization),
        scenes=tuple(run.scenes),
        checks=tuple(checks),
        settings=_kept_settings(settings),
        notes=tuple(run.notes),
    )


def print_progress(done: int, total: int, note: str) -> None:
    """Print a line a step; a notebook's run hands it on as it comes."""
    print(f"[{done}/{total}] {note}", flush=True)  # noqa: T201 - a notebook's output


@dataclass(slots=True)
class _Run:
    workload: Workload
    progress: Progress
    samples: list[Sample] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    serialization: list[SerializationSample] = field(default_factory=list)
    scenes: list[SceneSize] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0

    def note(self, text: str | None) -> None:
        if text is not None:
            self.notes.append(text)

    def carry_out(self, blocks: BlockRunner) -> None:
        """Warm-up round 0, then the measured ones, each in an order of its own."""
        small = sample(self.workload.dataset, SMALL_BYTES)
        images = {"scene": blocks.scene.path, "small": small.path}
        blocks.producer.call("load", ANSWER_TIMEOUT_S, images=images)
        order = np.random.default_rng(self.workload.seed)
        # The broker's code is compiled while it warms up; seconds of gzip would add nothing to it.
        warm_up = [v for v in VARIANTS if not v.slow] if self.workload.warm_up else []
        rounds = [warm_up, *([list(VARIANTS)] * self.workload.rounds)]
        self.total = sum(len(variants) + bool(variants) for variants in rounds)
        if self.workload.other_scenes:
            self.total += len(ACROSS_SCENES)
        self.progress(
            0, self.total, f"Kafka answers; scene of {blocks.scene.size_bytes:,} bytes is ready"
        )
        for round_, variants in enumerate(rounds):
            name = f"round {round_} of {self.workload.rounds}" if round_ else "warm-up"
            for index in order.permutation(len(variants)):
                variant = variants[int(index)]
                said = self._measure(blocks, variant, round_)
                self._step(f"{name}: {variant.label}: {said}")
            if variants:
                self._serialize(blocks, round_)
                self._step(f"{name}: serialization alone")

    def carry_other_scenes(self, blocks: BlockRunner) -> None:
        """Send every other kind of scene once, for what it stores and sends."""
        scenes = {kind: _scene(name, self.workload) for name, kind in OTHER_SCENES.items()}
        images = {scene.name: scene.path for scene in scenes.values()}
        small = sample(self.workload.dataset, SMALL_BYTES)
        blocks.producer.call("load", ANSWER_TIMEOUT_S, images={"small": small.path, **images})
        for variant in map(variant_named, ACROSS_SCENES):
            try:
                self.scenes += blocks.sizes(variant, scenes)
            except WorkerFailure as error:
                self.note(f"Other scenes, {variant.label}: {error}")
            self._step(f"other scenes: {variant.label}")

    def _step(self, text: str) -> None:
        self.done += 1
        self.progress(self.done, self.total, text)

    def _measure(self, blocks: BlockRunner, variant: Variant, round_: int) -> str:
        images = 1 if variant.slow or round_ == 0 else self.workload.images_per_block
        samples, block = blocks.run(variant, round_, images)
        self.samples += samples
        if block is None:
            return f"failed: {samples[-1].error}"
        self.blocks.append(block)
        return f"{samples[-1].end_to_end_ms or 0:,.0f} ms end to end"

    def _serialize(self, blocks: BlockRunner, round_: int) -> None:
        self.serialization += blocks.producer.call(
            "serialize",
            self.workload.timeout_s,
            image="scene",
            metadata=blocks.scene.metadata,
            source_id=blocks.scene.source_id,
            round_=round_,
        )


def _kept_settings(settings: Settings) -> dict[str, Any]:
    """Take what bears on the numbers; addresses, secrets and folders are not among it."""
    groups = {"kafka_producer", "kafka_consumer", "routing", "compression_matrix"}
    kept = settings.model_dump(mode="json", include=groups)
    kept["kafka_consumer"].pop("spill_dir", None)
    return kept


def _scene(name: str, workload: Workload) -> SampleFile:
    """The whole file where it is a file of its own, otherwise at most the workload's size."""
    return sample(name, None if SCENES[name].verbatim else workload.size_bytes)


def _storage_note(blocks: Sequence[Block]) -> str | None:
    """Log directories and segment files are two views of one thing; say if they are not."""
    off = [
        block
        for block in blocks
        if block.stored_file_bytes is not None
        and block.stored_bytes is not None
        and abs(block.stored_file_bytes - block.stored_bytes) > DISAGREEMENT * block.stored_bytes
    ]
    if not off:
        return None
    return (
        f"In {len(off)} of {len(blocks)} blocks the brokers' word on their disk and the size of "
        f"their files differ by more than {DISAGREEMENT:.1%}."
    )
