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

import numpy as np

from wildfire_bench.bench.block import ANSWER_TIMEOUT_S, BlockRunner
from wildfire_bench.bench.environment import describe_environment
from wildfire_bench.bench.probes import BrokerProbe, StorageProbe, busy_note
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.results import (
    SCHEMA_VERSION,
    BeforeAfter,
    Block,
    Sample,
    Scene,
    SerializationSample,
)
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.variants import VARIANTS, Variant
from wildfire_bench.bench.worker import serve_consumer, serve_producer
from wildfire_bench.bench.workload import Workload
from wildfire_bench.samples import sample
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack

__all__ = ["Progress", "measure_before_after", "print_progress"]

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

SMALL_BYTES = 400_000
"""Opens connections and joins the group before each block; not measured."""
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
    notes: list[str] = field(default_factory=list)

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
        done, total = 0, sum(len(variants) + bool(variants) for variants in rounds)
        self.progress(
            0, total, f"Kafka answers; scene of {blocks.scene.size_bytes:,} bytes is ready"
        )
        for round_, variants in enumerate(rounds):
            name = f"round {round_} of {self.workload.rounds}" if round_ else "warm-up"
            for index in order.permutation(len(variants)):
                variant = variants[int(index)]
                said = self._measure(blocks, variant, round_)
                done += 1
                self.progress(done, total, f"{name}: {variant.label}: {said}")
            if variants:
                self._serialize(blocks, round_)
                done += 1
                self.progress(done, total, f"{name}: serialization alone")

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
