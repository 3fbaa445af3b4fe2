"""All counters of a run at one moment, and what a block has added to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psutil

from wildfire_bench.bench.gc_log import GcLogs, GcPauses
from wildfire_bench.bench.machine_load import MachineTime, machine_time, share_of_others
from wildfire_bench.bench.measurements import Block, Sample
from wildfire_bench.bench.memory_sampler import MemorySampler
from wildfire_bench.bench.probes import ProcessCounter, ServerProbe
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.storage_probe import ObjectProbe, StorageProbe

__all__ = ["BytesReading", "CpuReading", "Probes", "added"]

ANSWER_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class CpuReading:
    """CPU seconds so far."""

    producer_s: float
    consumer_s: float
    broker_s: float | None
    store_s: float | None
    harness_s: float
    """Of this process, which only waits."""
    system_s: Mapping[str, float | None]
    """The kernel's part, by process; in steps of 10 ms for processes on Linux."""
    machine: MachineTime


@dataclass(frozen=True, slots=True)
class BytesReading:
    """Bytes so far."""

    log_dirs: int
    files: int | None
    objects: int | None
    wire: int


@dataclass(slots=True)
class Probes:
    """Everything that is read from outside while images pass."""

    broker: ServerProbe
    store: ServerProbe
    storage: StorageProbe
    collections: GcLogs
    objects: ObjectProbe | None = None
    """None where no driver needs an object store."""

    def cpu(self, producer: Worker, consumer: Worker) -> CpuReading:
        """Read all CPU times, those of the workers first and last."""
        own = psutil.Process().cpu_times()
        return CpuReading(
            producer.call("cpu_s", ANSWER_TIMEOUT_S),
            consumer.call("cpu_s", ANSWER_TIMEOUT_S),
            self.broker.cpu_s(),
            self.store.cpu_s() if self.objects is not None else None,
            own.user + own.system,
            {
                "producer": ProcessCounter(producer.pid).system_cpu_s(),
                "consumer": ProcessCounter(consumer.pid).system_cpu_s(),
                "broker": self.broker.system_cpu_s(),
                "store": self.store.system_cpu_s() if self.objects is not None else None,
            },
            machine_time(),
        )

    def bytes(self, producer: Worker, topic_prefix: str) -> BytesReading:
        """Read what is stored and what was sent."""
        return BytesReading(
            self.storage.log_dir_bytes(topic_prefix),
            self.storage.file_bytes(topic_prefix),
            None if self.objects is None else self.objects.object_bytes(),
            producer.call("wire_bytes", ANSWER_TIMEOUT_S),
        )


def added(
    samples: Sequence[Sample],
    cpu: tuple[CpuReading, CpuReading],
    sent: tuple[BytesReading, BytesReading],
    *,
    memory: MemorySampler,
    pauses: GcPauses | None,
    seconds: float,
    store_used: bool,
) -> Block:
    """Make a block of what its images have added.

    Parameters
    ----------
    samples
        Of the block; at least one, all of them through.
    cpu, sent
        Before and after.
    memory
        That ran in between.
    pauses
        Of the brokers, in between.
    seconds
        From the first intended send to the last arrival.
    store_used
        Whether the driver needs the object store.
    """
    (cpu_before, cpu_after), (before, after) = cpu, sent
    first = samples[0]
    return Block(
        variant=first.variant,
        round=first.round,
        images=len(samples),
        image_bytes=sum(sample.size_bytes for sample in samples),
        producer_cpu_s=cpu_after.producer_s - cpu_before.producer_s,
        consumer_cpu_s=cpu_after.consumer_s - cpu_before.consumer_s,
        broker_cpu_s=_difference(cpu_after.broker_s, cpu_before.broker_s),
        stored_bytes=after.log_dirs - before.log_dirs,
        stored_file_bytes=_difference(after.files, before.files),
        wire_bytes=after.wire - before.wire,
        load=psutil.getloadavg()[0],
        size_bytes=first.size_bytes,
        pattern=first.pattern,
        seconds=seconds,
        store_cpu_s=_difference(cpu_after.store_s, cpu_before.store_s) if store_used else None,
        object_bytes=_difference(after.objects, before.objects) if store_used else None,
        gc_pauses=None if pauses is None else pauses.count,
        gc_pause_ms=None if pauses is None else pauses.milliseconds,
        others_cpu_share=_others_share(cpu_before, cpu_after),
        **_system(cpu_before, cpu_after, store_used=store_used),
        **_memory(memory, store_used=store_used),
    )


def _others_share(before: CpuReading, after: CpuReading) -> float | None:
    """None where the brokers are elsewhere: they are not among what is known to be ours."""
    broker_s = _difference(after.broker_s, before.broker_s)
    if broker_s is None:
        return None
    workers_s = after.producer_s - before.producer_s + after.consumer_s - before.consumer_s
    harness_s = after.harness_s - before.harness_s
    store_s = _difference(after.store_s, before.store_s) or 0.0
    ours_s = workers_s + harness_s + broker_s + store_s
    return share_of_others(before.machine, after.machine, ours_s)


def _system(before: CpuReading, after: CpuReading, *, store_used: bool) -> dict[str, Any]:
    return {
        f"{process}_system_cpu_s": _difference(after.system_s[process], before.system_s[process])
        for process in before.system_s
        if store_used or process != "store"
    }


def _memory(memory: MemorySampler, *, store_used: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for process in ("producer", "consumer", "broker", "store"):
        use = memory.use(process)
        if use is not None and (store_used or process != "store"):
            found[f"{process}_peak_bytes"] = use.peak_bytes
            found[f"{process}_mean_bytes"] = use.mean_bytes
    return found


def _difference(after: Any, before: Any) -> Any:
    """None where the probe could not tell."""
    return None if after is None or before is None else after - before
