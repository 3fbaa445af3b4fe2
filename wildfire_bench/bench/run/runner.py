"""The run: every driver at every size it carries in every round, in a new order each time.

Producer, broker, object store and consumer are processes of their own. The runner only tells them
when; it measures nothing in itself. A latency runs from the time at which a send was intended, so
that a sender that is late counts, to the verified image in the consumer's hands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from wildfire_bench.bench.environment import Environment, describe_environment
from wildfire_bench.bench.gc_log import GcLogs
from wildfire_bench.bench.measurements import (
    Block,
    Check,
    Sample,
    SceneSize,
    SerializationSample,
    WireCount,
)
from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.results.bench_run import SCHEMA_VERSION, BenchRun
from wildfire_bench.bench.run.block import SMALL, BlockRunner, image_name
from wildfire_bench.bench.run.checks import run_checks
from wildfire_bench.bench.run.notes import notes_of
from wildfire_bench.bench.run.reading import ANSWER_TIMEOUT_S, Probes
from wildfire_bench.bench.run.scenes import (
    OTHER_SCENES,
    described,
    first_carried,
    other_scene,
    require_space,
    scenes_of,
)
from wildfire_bench.bench.run.wire_pass import count_wire
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.storage_probe import StorageProbe, run_bucket
from wildfire_bench.bench.worker import serve_consumer, serve_producer
from wildfire_bench.bench.workloads.drivers import ACROSS_SCENES, Driver, drivers_named
from wildfire_bench.bench.workloads.workload import Pattern, Workload
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import Sample as SampleFile
from wildfire_bench.samples import sample
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack

__all__ = ["Progress", "measure", "needs_store", "print_progress"]

Progress = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what is being done."""

SMALL_BYTES = 400_000
"""Opens connections and joins the group before each block; not measured."""


def needs_store(work: Workload, drivers: Sequence[Driver] = ()) -> bool:
    """Whether a stack to measure on needs an object store."""
    return any(driver.needs_store for driver in drivers or drivers_named(work.drivers))


def measure(
    stack: Stack,
    work: Workload,
    drivers: Sequence[Driver] = (),
    progress: Progress | None = None,
) -> BenchRun:
    """Measure drivers on real scenes.

    Parameters
    ----------
    stack
        Where to; its servers' CPU time, memory and files are read if they are on this machine.
    work
        How much.
    drivers
        In which ways; empty for the workload's own.
    progress
        Told after every step.

    Returns
    -------
    BenchRun
        With all raw samples; failed images are kept as such.

    Raises
    ------
    InvalidParameter
        If a driver is unknown or wrong.
    BenchmarkError
        If a size is carried by no driver, or a process of the measurement ends or hangs.
    SampleUnavailable
        If a scene cannot be made.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    chosen = tuple(drivers) or drivers_named(work.drivers)
    scenes = scenes_of(work, chosen)
    require_space(work, chosen, scenes, stack.brokers)
    environment = describe_environment(stack)
    run = _Run(work, chosen, scenes, progress or (lambda *_: None))
    settings = stack.apply(Settings())
    with _blocks(stack, settings, run, f"bench-{started:%Y%m%dT%H%M%S}") as blocks:
        run.carry_out(blocks)
        if work.wire_pass:
            run.count_wire(blocks)
        if work.other_scenes:
            run.carry_other_scenes(blocks)
        missing = [blocks.probes.broker.missing, blocks.probes.collections.missing]
    checks = run.checks(settings) if work.checks else ()
    said = [note for note in missing if note is not None]
    return run.result(
        started=started,
        duration_s=time.monotonic() - clock,
        environment=environment,
        checks=checks,
        settings=settings,
        missing=said,
    )


def print_progress(done: int, total: int, note: str) -> None:
    """Print a line a step; a notebook's run hands it on as it comes."""
    print(f"[{done}/{total}] {note}", flush=True)  # noqa: T201 - a notebook's output


@contextmanager
def _blocks(stack: Stack, settings: Settings, run: _Run, run_id: str) -> Iterator[BlockRunner]:
    """Workers, probes, topics and bucket of a run, for as long as the context lasts."""
    with (
        StorageProbe(settings.kafka, stack.brokers) as storage,
        Worker("producer", serve_producer) as producer,
        Worker("consumer", serve_consumer) as consumer,
    ):
        run_id = f"{run_id}-{producer.pid}"
        settings = settings.model_copy(
            update={"s3": settings.s3.model_copy(update={"bucket": run_id.lower()})}
        )
        store = () if stack.s3_server is None else (stack.s3_server,)
        probes = Probes(
            ServerProbe(stack.brokers, "brokers"),
            ServerProbe(store, "object stores"),
            storage,
            GcLogs(stack.brokers),
        )
        small = sample(run.work.scene, SMALL_BYTES)
        blocks = BlockRunner(
            producer, consumer, probes, small, settings, run_id, run.work.timeout_s
        )
        with run_topics([blocks.settings_of(driver) for driver in run.drivers]):
            if not needs_store(run.work, run.drivers):
                yield blocks
                return
            with run_bucket(settings.s3) as objects:
                blocks.probes.objects = objects
                yield blocks


@dataclass(slots=True)
class _Run:
    work: Workload
    drivers: Sequence[Driver]
    scenes: Sequence[SampleFile]
    progress: Progress
    samples: list[Sample] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    serialization: list[SerializationSample] = field(default_factory=list)
    other: list[SceneSize] = field(default_factory=list)
    wire: list[WireCount] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    done: int = 0
    total: int = 0

    def carry_out(self, blocks: BlockRunner) -> None:
        """Warm-up round 0, then the measured ones, each in an order of its own."""
        images = {image_name(scene): scene.path for scene in self.scenes}
        blocks.producer.call("load", ANSWER_TIMEOUT_S, images={SMALL: blocks.small.path, **images})
        order = np.random.default_rng(self.work.seed)
        pairs = [(d, s) for d in self.drivers for s in self.scenes if d.carries(s.size_bytes)]
        # The broker's code is compiled while it warms up; seconds of gzip would add nothing to it.
        warm_up = [pair for pair in pairs if not pair[0].slow] if self.work.warm_up else []
        rounds = [warm_up, *([pairs] * self.work.rounds)]
        self.total = self._steps(rounds)
        size = f"up to {max(scene.size_bytes for scene in self.scenes):,} bytes"
        self.progress(0, self.total, f"Kafka answers; {len(self.scenes)} scene(s), {size}")
        for round_, chosen in enumerate(rounds):
            name = f"round {round_} of {self.work.rounds}" if round_ else "warm-up"
            for index in order.permutation(len(chosen)):
                driver, scene = chosen[int(index)]
                said = self._measure(blocks, driver, scene, round_)
                self._step(f"{name}: {driver.label}, {scene.size_bytes / 1e6:.0f} MB: {said}")
            if chosen and self.work.serialization:
                self._serialize(blocks, round_)
                self._step(f"{name}: serialization alone")

    def count_wire(self, blocks: BlockRunner) -> None:
        """Send one more image by every driver past a proxy that counts."""
        for driver, scene in first_carried(self.drivers, self.scenes):
            try:
                self.wire.append(count_wire(blocks, driver, scene))
            except BenchmarkError as error:
                self.notes.append(f"Counting proxy, {driver.label}: {error}")
            self._step(f"bytes on the wire by proxy: {driver.label}")

    def carry_other_scenes(self, blocks: BlockRunner) -> None:
        """Send every other kind of scene once, for what it stores and sends."""
        scenes = {kind: other_scene(name, self.work) for name, kind in OTHER_SCENES.items()}
        images = {image_name(scene): scene.path for scene in scenes.values()}
        blocks.producer.call("load", ANSWER_TIMEOUT_S, images={SMALL: blocks.small.path, **images})
        for driver in self._across_scenes():
            try:
                self.other += blocks.sizes(driver, scenes)
            except BenchmarkError as error:
                self.notes.append(f"Other scenes, {driver.label}: {error}")
            self._step(f"other scenes: {driver.label}")

    def checks(self, settings: Settings) -> tuple[Check, ...]:
        """Make the short checks."""
        self.progress(self.done, self.total, "checking limits, up to an image of 100 MB")
        return run_checks(settings)

    def result(
        self,
        *,
        started: datetime,
        duration_s: float,
        environment: Environment,
        checks: Sequence[Check],
        settings: Settings,
        missing: Sequence[str],
    ) -> BenchRun:
        """Put everything together."""
        first, *others = (described(scene) for scene in self.scenes)
        found = notes_of(environment, self.blocks, self.wire, {d.name: d for d in self.drivers})
        return BenchRun(
            schema_version=SCHEMA_VERSION,
            started=started.isoformat(timespec="seconds"),
            duration_s=duration_s,
            workload=self.work,
            scene=first,
            environment=environment,
            variants=tuple(self.drivers),
            samples=tuple(self.samples),
            blocks=tuple(self.blocks),
            serialization=tuple(self.serialization),
            scenes=tuple(self.other),
            checks=tuple(checks),
            settings=_kept_settings(settings),
            notes=(*missing, *self.notes, *found),
            more_scenes=tuple(others),
            wire=tuple(self.wire),
        )

    def _steps(self, rounds: Sequence[Sequence[Any]]) -> int:
        steps = sum(len(pairs) + bool(pairs and self.work.serialization) for pairs in rounds)
        steps += len(first_carried(self.drivers, self.scenes)) if self.work.wire_pass else 0
        return steps + (len(self._across_scenes()) if self.work.other_scenes else 0)

    def _across_scenes(self) -> list[Driver]:
        return [driver for driver in self.drivers if driver.name in ACROSS_SCENES]

    def _step(self, text: str) -> None:
        self.done += 1
        self.progress(self.done, self.total, text)

    def _measure(self, blocks: BlockRunner, driver: Driver, scene: SampleFile, round_: int) -> str:
        images = 1 if driver.slow or round_ == 0 else self.work.images
        plan: dict[Pattern, int] = dict.fromkeys(self.work.patterns, images)
        samples, found = blocks.run(driver, scene, round_, plan)
        self.samples += samples
        self.blocks += found
        if samples[-1].error is not None:
            return f"failed: {samples[-1].error}"
        return f"{samples[0].end_to_end_ms or 0:,.0f} ms end to end"

    def _serialize(self, blocks: BlockRunner, round_: int) -> None:
        scene = self.scenes[0]
        self.serialization += blocks.producer.call(
            "serialize",
            self.work.timeout_s,
            image=image_name(scene),
            metadata=scene.metadata,
            source_id=scene.source_id,
            round_=round_,
        )


def _kept_settings(settings: Settings) -> dict[str, Any]:
    """Take what bears on the numbers; addresses, secrets and folders are not among it."""
    groups = {"kafka_producer", "kafka_consumer", "routing", "compression_matrix"}
    kept = settings.model_dump(mode="json", include=groups)
    kept["kafka_consumer"].pop("spill_dir", None)
    return kept
