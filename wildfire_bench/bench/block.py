"""One block of a run: one variant's images of one round, and what they cost together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from wildfire_bench.bench.probes import BrokerProbe, StorageProbe
from wildfire_bench.bench.processes import Worker, WorkerFailure
from wildfire_bench.bench.results import Block, Sample, SceneSize
from wildfire_bench.bench.variants import Variant, client_options_for, settings_for
from wildfire_bench.bench.worker import Arrival, Sent
from wildfire_bench.samples import Sample as SampleFile
from wildfire_bench.settings import Settings

__all__ = ["ANSWER_TIMEOUT_S", "BlockRunner"]

ANSWER_TIMEOUT_S = 60.0
LEAD_NS = 20_000_000
"""How far ahead a send is scheduled, so that the command has reached the producer."""
FIRST_ACQUISITION = datetime(2025, 10, 13, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Cpu:
    producer_s: float
    consumer_s: float
    broker_s: float | None


@dataclass(frozen=True, slots=True)
class _Bytes:
    log_dirs: int
    files: int | None
    wire: int


@dataclass(slots=True)
class BlockRunner:
    """Drives the two workers through one block after the other."""

    producer: Worker
    consumer: Worker
    broker: BrokerProbe
    storage: StorageProbe
    scene: SampleFile
    settings: Settings
    run_id: str
    timeout_s: float
    """For one image."""
    _sends: int = field(default=0, init=False)

    def settings_of(self, variant: Variant) -> Settings:
        """Give a variant its settings in this run, with a topic prefix of its own."""
        return settings_for(variant, self.settings, f"{self.run_id}-{variant.name}.")

    def run(self, variant: Variant, round_: int, images: int) -> tuple[list[Sample], Block | None]:
        """Open both clients, warm them with a small image, then measure.

        Returns
        -------
        tuple of (list of Sample, Block or None)
            A sample for every image that was tried; no block if one failed.
        """
        samples: list[Sample] = []
        block = None
        try:
            self._open(variant)
            self._carry("small", self.scene)
            bytes_before = self._bytes(variant)
            cpu_before = self._cpu()
            # One by one: what was measured before a failure is kept.
            samples.extend(self._sample(variant, round_, index) for index in range(images))
            cpu = self._cpu()
            sent = self._bytes(variant)
            block = self._block(samples, (cpu_before, cpu), (bytes_before, sent))
        except WorkerFailure as error:
            samples.append(self._failed(variant, round_, len(samples), error))
        finally:
            self._close()
        return samples, block

    def sizes(self, variant: Variant, scenes: Mapping[str, SampleFile]) -> list[SceneSize]:
        """Send each scene once, and see what it takes.

        Parameters
        ----------
        variant
            How.
        scenes
            By the words for their kind; the producer has loaded each under its own name.

        Raises
        ------
        WorkerFailure
            If one does not arrive.
        """
        try:
            self._open(variant)
            self._carry("small", self.scene)
            return [self._size(variant, kind, scene) for kind, scene in scenes.items()]
        finally:
            self._close()

    def _size(self, variant: Variant, kind: str, scene: SampleFile) -> SceneSize:
        before = self._bytes(variant)
        _, _, arrival = self._carry(scene.name, scene)
        after = self._bytes(variant)
        return SceneSize(
            scene=scene.name,
            kind=kind,
            variant=variant.name,
            size_bytes=scene.size_bytes,
            stored_bytes=after.log_dirs - before.log_dirs,
            wire_bytes=after.wire - before.wire,
            identical=arrival.sha256 == scene.sha256,
        )

    def _open(self, variant: Variant) -> None:
        settings = self.settings_of(variant)
        group_id = f"{self.run_id}-{variant.name}"
        self.consumer.ask("open", settings=settings, group_id=group_id)
        self.producer.ask("open", settings=settings, client_options=client_options_for(variant))
        self._both_answers(ANSWER_TIMEOUT_S)

    def _close(self) -> None:
        self.producer.ask("close")
        self.consumer.ask("close")
        self._both_answers(ANSWER_TIMEOUT_S)

    def _sample(self, variant: Variant, round_: int, index: int) -> Sample:
        intended_ns, sent, arrival = self._carry("scene", self.scene)
        identical = arrival.sha256 == self.scene.sha256
        return Sample(
            variant=variant.name,
            round=round_,
            index=index,
            size_bytes=self.scene.size_bytes,
            end_to_end_ms=(arrival.arrived_ns - intended_ns) / 1e6,
            acknowledged_ms=(sent.acknowledged_ns - intended_ns) / 1e6,
            value_bytes=sent.value_bytes,
            records=sent.records,
            identical=identical,
            error=None if identical else "received other bytes than were sent",
        )

    def _failed(self, variant: Variant, round_: int, index: int, error: Exception) -> Sample:
        return Sample(
            variant=variant.name,
            round=round_,
            index=index,
            size_bytes=self.scene.size_bytes,
            end_to_end_ms=None,
            acknowledged_ms=None,
            value_bytes=None,
            records=None,
            identical=False,
            error=str(error),
        )

    def _carry(self, image: str, scene: SampleFile) -> tuple[int, Sent, Arrival]:
        """Send one image that the producer has loaded, and wait for it at the other end."""
        self._sends += 1
        # An image is known by its content and acquisition time: each gets a time of its own.
        acquired = FIRST_ACQUISITION + timedelta(seconds=self._sends)
        metadata: Mapping[str, Any] = {**scene.metadata, "timestamp": acquired.isoformat()}
        intended_ns = time.monotonic_ns() + LEAD_NS
        self.consumer.ask("receive", timeout_s=self.timeout_s)
        self.producer.ask(
            "send",
            image=image,
            metadata=metadata,
            source_id=scene.source_id,
            intended_ns=intended_ns,
        )
        sent, arrival = self._both_answers(2 * self.timeout_s)
        while arrival.image_id != sent.image_id:  # left over from a block that failed
            arrival = self.consumer.call("receive", 2 * self.timeout_s, timeout_s=self.timeout_s)
        return intended_ns, sent, arrival

    def _both_answers(self, timeout_s: float) -> tuple[Any, Any]:
        """Take both answers even if one is a failure, or the pipes would be out of step."""
        try:
            produced = self.producer.answer(timeout_s)
        except WorkerFailure:
            self.consumer.answer(timeout_s)
            raise
        return produced, self.consumer.answer(timeout_s)

    def _cpu(self) -> _Cpu:
        return _Cpu(
            self.producer.call("cpu_s", ANSWER_TIMEOUT_S),
            self.consumer.call("cpu_s", ANSWER_TIMEOUT_S),
            self.broker.cpu_s(),
        )

    def _bytes(self, variant: Variant) -> _Bytes:
        prefix = self.settings_of(variant).topic_prefix
        return _Bytes(
            self.storage.log_dir_bytes(prefix),
            self.storage.file_bytes(prefix),
            self.producer.call("wire_bytes", ANSWER_TIMEOUT_S),
        )

    def _block(
        self, samples: list[Sample], cpu: tuple[_Cpu, _Cpu], counted: tuple[_Bytes, _Bytes]
    ) -> Block:
        (cpu_before, cpu_after), (before, after) = cpu, counted
        return Block(
            variant=samples[0].variant,
            round=samples[0].round,
            images=len(samples),
            image_bytes=sum(sample.size_bytes for sample in samples),
            producer_cpu_s=cpu_after.producer_s - cpu_before.producer_s,
            consumer_cpu_s=cpu_after.consumer_s - cpu_before.consumer_s,
            broker_cpu_s=_difference(cpu_after.broker_s, cpu_before.broker_s),
            stored_bytes=after.log_dirs - before.log_dirs,
            stored_file_bytes=_difference(after.files, before.files),
            wire_bytes=after.wire - before.wire,
            load=psutil.getloadavg()[0],
        )


def _difference(after: Any, before: Any) -> Any:
    """None where the probe could not tell."""
    return None if after is None or before is None else after - before
