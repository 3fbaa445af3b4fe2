"""One block of a run: one driver's images of one size and round, and what they cost together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wildfire_bench.bench.measurements import Block, Sample, SceneSize
from wildfire_bench.bench.memory_sampler import MemoryReader, MemorySampler
from wildfire_bench.bench.probes import ProcessCounter
from wildfire_bench.bench.processes import Worker, WorkerFailure
from wildfire_bench.bench.run.reading import ANSWER_TIMEOUT_S, Probes, added
from wildfire_bench.bench.run.trial import Carried, Trial, seconds_of
from wildfire_bench.bench.worker import Arrival, Failure, Sent
from wildfire_bench.bench.workloads.drivers import Driver, client_options_for, settings_for
from wildfire_bench.bench.workloads.workload import Pattern
from wildfire_bench.samples import Sample as SampleFile
from wildfire_bench.settings import Settings

__all__ = ["ONE_BY_ONE", "SMALL", "BlockRunner", "image_name"]

ONE_BY_ONE: Final = Pattern("closed", in_flight=1)
SMALL: Final = "small"
"""Name of the image that opens connections and joins the group before each block."""
LEAD_NS = 20_000_000
"""How far ahead a send is scheduled, so that the command has reached the producer."""
FIRST_ACQUISITION = datetime(2025, 10, 13, 10, tzinfo=UTC)


def image_name(scene: SampleFile) -> str:
    """Name under which the producer has loaded a scene."""
    return f"{scene.name}-{scene.size_bytes}"


@dataclass(slots=True)
class BlockRunner:
    """Drives the two workers through one block after the other."""

    producer: Worker
    consumer: Worker
    probes: Probes
    small: SampleFile
    settings: Settings
    run_id: str
    timeout_s: float
    """For one image."""
    _sends: int = field(default=0, init=False)

    def settings_of(self, driver: Driver) -> Settings:
        """Give a driver its settings in this run, with a topic prefix of its own."""
        return settings_for(driver, self.settings, f"{self.run_id}-{driver.name}.")

    def run(
        self, driver: Driver, scene: SampleFile, round_: int, plan: Mapping[Pattern, int]
    ) -> tuple[list[Sample], list[Block]]:
        """Open both clients, warm them with a small image, then measure.

        Parameters
        ----------
        driver
            How.
        scene
            What; the producer has loaded it.
        round_
            Kept with the samples.
        plan
            Images by pattern, measured in this order.

        Returns
        -------
        tuple of (list of Sample, list of Block)
            A sample for every image that was tried, failed ones too; a block for each pattern whose
            images are all through.
        """
        samples: list[Sample] = []
        blocks: list[Block] = []
        try:
            with self.opened(driver):
                for pattern, images in plan.items():
                    trial = Trial(driver, scene, round_, pattern)
                    tried, block = self._tried(trial, images)
                    samples += tried
                    if block is None:
                        break
                    blocks.append(block)
        except WorkerFailure as error:
            under_way = list(plan)[min(len(blocks), len(plan) - 1)]
            trial = Trial(driver, scene, round_, under_way)
            samples.append(trial.failed(len(samples), str(error)))
        return samples, blocks

    def sizes(self, driver: Driver, scenes: Mapping[str, SampleFile]) -> list[SceneSize]:
        """Send each scene once, and see what it takes.

        Parameters
        ----------
        driver
            How.
        scenes
            By the words for their kind; the producer has loaded each.

        Raises
        ------
        BenchmarkError
            If one does not arrive.
        """
        with self.opened(driver):
            return [self._size(driver, kind, scene) for kind, scene in scenes.items()]

    @contextmanager
    def opened(
        self,
        driver: Driver,
        producer_settings: Settings | None = None,
        consumer_settings: Settings | None = None,
    ) -> Iterator[None]:
        """Both clients open and warm, for a driver.

        Parameters
        ----------
        driver
            How images go.
        producer_settings, consumer_settings
            None for those of `settings_of`; others to lead the clients past proxies.
        """
        own = self.settings_of(driver)
        group_id = f"{self.run_id}-{driver.name}"
        options = client_options_for(driver)
        try:
            self.consumer.ask("open", settings=consumer_settings or own, group_id=group_id)
            self.producer.ask("open", settings=producer_settings or own, client_options=options)
            self._both_answers(ANSWER_TIMEOUT_S)
            self.carry_one(self.small, SMALL)
            yield
        finally:
            self.producer.ask("close")
            self.consumer.ask("close")
            self._both_answers(ANSWER_TIMEOUT_S)

    def carry_one(self, scene: SampleFile, image: str | None = None) -> tuple[Sent, Arrival]:
        """Send one image that the producer has loaded, and wait for it at the other end.

        Raises
        ------
        WorkerFailure
            If it cannot be sent or does not arrive.
        """
        ((sent, arrival),) = self._carry(image or image_name(scene), scene, ONE_BY_ONE, 1)
        if isinstance(sent, Failure):
            msg = f"producer: send failed: {sent.kind}: {sent.message}"
            raise WorkerFailure(msg)
        if arrival is None:
            msg = f"consumer: the image did not arrive within {self.timeout_s:g} s"
            raise WorkerFailure(msg)
        return sent, arrival

    def _tried(self, trial: Trial, images: int) -> tuple[list[Sample], Block | None]:
        """Measure one pattern; there is a block only if its last image is through."""
        prefix = self.settings_of(trial.driver).topic_prefix
        bytes_before = self.probes.bytes(self.producer, prefix)
        self.probes.collections.new()
        with MemorySampler(self._readers()) as memory:
            cpu_before = self.probes.cpu(self.producer, self.consumer)
            pairs = self._pairs(trial.scene, trial.pattern, images)
            cpu_after = self.probes.cpu(self.producer, self.consumer)
        pauses = self.probes.collections.new()
        samples = [trial.sample(index, *pair) for index, pair in enumerate(pairs)]
        if any(sample.error is not None for sample in samples):
            return samples, None
        bytes_after = self.probes.bytes(self.producer, prefix)
        block = added(
            samples,
            (cpu_before, cpu_after),
            (bytes_before, bytes_after),
            memory=memory,
            pauses=pauses,
            seconds=seconds_of(pairs),
            store_used=trial.driver.needs_store,
        )
        return samples, block

    def _pairs(self, scene: SampleFile, pattern: Pattern, images: int) -> list[Carried]:
        """Send so many images in a pattern; what became of each."""
        if not pattern.one_by_one:
            return self._carry(image_name(scene), scene, pattern, images)
        pairs: list[Carried] = []
        for _ in range(images):  # what was measured before a failure is kept
            pairs += self._carry(image_name(scene), scene, pattern, 1)
            if pairs[-1][1] is None:
                break
        return pairs

    def _carry(self, image: str, scene: SampleFile, pattern: Pattern, images: int) -> list[Carried]:
        # An image is known by its content and acquisition time: each gets a time of its own.
        acquired = [
            (FIRST_ACQUISITION + timedelta(seconds=self._sends + index)).isoformat()
            for index in range(images)
        ]
        self._sends += images
        due_s = images / pattern.per_s if pattern.per_s else 0.0
        timeout_s = due_s + images * self.timeout_s
        self.consumer.ask("receive", count=images, timeout_s=timeout_s)
        self.producer.ask(
            "send",
            image=image,
            metadata=dict(scene.metadata),
            source_id=scene.source_id,
            acquired=acquired,
            start_ns=time.monotonic_ns() + LEAD_NS,
            in_flight=pattern.in_flight,
            per_s=pattern.per_s,
        )
        sent, arrivals = self._both_answers(2 * timeout_s)
        return self._matched(sent, arrivals)

    def _matched(
        self, sent: Sequence[Sent | Failure], arrivals: Sequence[Arrival]
    ) -> list[Carried]:
        ids = {each.image_id for each in sent if isinstance(each, Sent)}
        arrived = {each.image_id: each for each in arrivals}
        while strangers := arrived.keys() - ids:  # left over from a block that failed
            arrived = {key: arrived[key] for key in arrived.keys() & ids}
            more = self.consumer.call(
                "receive", 2 * self.timeout_s, count=len(strangers), timeout_s=self.timeout_s
            )
            arrived |= {each.image_id: each for each in more}
        return [
            (each, arrived.get(each.image_id) if isinstance(each, Sent) else None) for each in sent
        ]

    def _size(self, driver: Driver, kind: str, scene: SampleFile) -> SceneSize:
        prefix = self.settings_of(driver).topic_prefix
        before = self.probes.bytes(self.producer, prefix)
        _, arrival = self.carry_one(scene)
        after = self.probes.bytes(self.producer, prefix)
        return SceneSize(
            scene=scene.name,
            kind=kind,
            variant=driver.name,
            size_bytes=scene.size_bytes,
            stored_bytes=after.log_dirs - before.log_dirs,
            wire_bytes=after.wire - before.wire,
            identical=arrival.sha256 == scene.sha256,
        )

    def _readers(self) -> dict[str, MemoryReader]:
        return {
            "producer": ProcessCounter(self.producer.pid),
            "consumer": ProcessCounter(self.consumer.pid),
            "broker": self.probes.broker,
            "store": self.probes.store,
        }

    def _both_answers(self, timeout_s: float) -> tuple[Any, Any]:
        """Take both answers even if one is a failure, or the pipes would be out of step."""
        try:
            produced = self.producer.answer(timeout_s)
        except WorkerFailure:
            self.consumer.answer(timeout_s)
            raise
        return produced, self.consumer.answer(timeout_s)
