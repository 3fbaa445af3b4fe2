"""The harness measured: drivers whose cost is known, and samples whose order must not matter."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wildfire_bench.bench.gc_log import GcPauses
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.run.block import ONE_BY_ONE, BlockRunner
from wildfire_bench.bench.run.reading import Probes
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.bench.worker import Arrival, Sent, serve
from wildfire_bench.bench.workloads.drivers import read_driver
from wildfire_bench.bench.workloads.workload import Pattern
from wildfire_bench.settings import Settings

BURNED_S = 0.2
IMAGE = SimpleNamespace(
    name="known", source_id="known", size_bytes=1_000_000, sha256="ab" * 32, metadata={}
)


@dataclass
class KnownCost:
    """Both sides of a system in which each image costs the same, on a clock of its own.

    The sender takes what is due and never looks at the consumer, as an open loop does; the consumer
    hands over one image after the other.
    """

    late_ns: int = 0
    """How late the sender begins."""
    transport_ns: int = 10_000_000
    consumer_ns: int = 0
    """How long the consumer needs for an image before it can take the next."""
    sent: int = 0
    free_ns: int = 0
    """When the consumer can take the next."""
    arrivals: list[Arrival] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    pid: int = field(default_factory=os.getpid)
    missing: str | None = None

    def side(self, name: str) -> SimpleNamespace:
        def ask(command: str, **arguments: Any) -> None:
            self.answers[name] = getattr(self, command, lambda **_: None)(**arguments)

        def answer(_timeout_s: float) -> Any:
            if name == "consumer" and self.answers[name] == "receiving":
                taken, self.arrivals = self.arrivals, []
                return taken
            return self.answers[name]

        def call(command: str, timeout_s: float, /, **arguments: Any) -> Any:
            ask(command, **arguments)
            return answer(timeout_s)

        return SimpleNamespace(ask=ask, answer=answer, call=call, pid=self.pid)

    def receive(self, count: int, timeout_s: float) -> str:
        self.free_ns = 0  # the image that opened the connections is through
        return "receiving"

    def send(self, acquired: list[str], start_ns: int, per_s: float | None, **_: Any) -> list[Sent]:
        return [
            self._one(start_ns + (round(index * 1e9 / per_s) if per_s else 0))
            for index in range(len(acquired))
        ]

    def _one(self, due_ns: int) -> Sent:
        self.sent += 1
        name = f"image-{self.sent}"
        acknowledged_ns = due_ns + self.late_ns + self.transport_ns
        self.free_ns = max(self.free_ns, acknowledged_ns) + self.consumer_ns
        self.arrivals.append(Arrival(name, self.free_ns, IMAGE.sha256))
        return Sent(name, due_ns, acknowledged_ns, IMAGE.size_bytes, 1, "direct")

    def cpu_s(self) -> float:
        return 0.03 * self.sent

    def system_cpu_s(self) -> float:
        return 0.01 * self.sent

    def wire_bytes(self) -> int:
        return 1_000_500 * self.sent

    def log_dir_bytes(self, _prefix: str) -> int:
        return 1_000_200 * self.sent

    def file_bytes(self, _prefix: str) -> int:
        return self.log_dir_bytes(_prefix)

    def memory_bytes(self) -> int:
        return 50_000_000

    def forget_peak(self) -> None:
        """Has none."""

    def peak_bytes(self) -> int:
        return 60_000_000

    def new(self) -> GcPauses:
        return GcPauses(2, 3.5)


def measure(system: KnownCost, pattern: Pattern = ONE_BY_ONE, images: int = 3):
    runner = BlockRunner(
        producer=system.side("producer"),
        consumer=system.side("consumer"),
        probes=Probes(broker=system, store=system, storage=system, collections=system),
        small=IMAGE,
        settings=Settings(),
        run_id="self-check",
        timeout_s=1.0,
    )
    samples, (block,) = runner.run(read_driver("binary_none"), IMAGE, 1, {pattern: images})
    return samples, block


def latencies(samples):
    return [round(sample.end_to_end_ms, 6) for sample in samples]


def test_a_driver_of_known_cost_is_measured_right():
    samples, block = measure(KnownCost())
    assert latencies(samples) == [10.0, 10.0, 10.0]
    assert (block.wire_bytes, block.stored_bytes) == (3 * 1_000_500, 3 * 1_000_200)
    costs = (block.producer_cpu_s, block.consumer_cpu_s, block.broker_cpu_s)
    assert costs == pytest.approx((0.09, 0.09, 0.09))


def test_the_kernels_part_of_the_cpu_time_is_told_apart():
    _, block = measure(KnownCost())
    assert block.broker_system_cpu_s == pytest.approx(0.03)


def test_memory_and_pauses_of_known_size_are_measured_right():
    _, block = measure(KnownCost())
    assert (block.broker_peak_bytes, block.broker_mean_bytes) == (60_000_000, 50_000_000)
    assert (block.gc_pauses, block.gc_pause_ms) == (2, 3.5)


def test_a_slow_consumer_shows_as_latency():
    samples, _ = measure(KnownCost(consumer_ns=500_000_000), Pattern("open", per_s=1))
    assert latencies(samples) == [510.0] * 3


def test_a_consumer_that_falls_behind_shows_as_latency_that_grows():
    samples, _ = measure(KnownCost(consumer_ns=500_000_000), Pattern("open", per_s=10), 5)
    assert latencies(samples) == [510.0, 910.0, 1310.0, 1710.0, 2110.0]


def test_a_slow_consumer_is_not_taken_for_a_slow_broker():
    samples, _ = measure(KnownCost(consumer_ns=500_000_000), Pattern("open", per_s=10))
    assert [sample.acknowledged_ms for sample in samples] == [10.0] * 3


def test_a_sender_that_is_late_counts_from_the_intended_time():
    samples, _ = measure(KnownCost(late_ns=250_000_000))
    assert latencies(samples) == [260.0] * 3


def test_throughput_runs_from_the_first_intended_send_to_the_last_arrival():
    _, block = measure(KnownCost(consumer_ns=100_000_000), Pattern("closed", in_flight=4), 4)
    assert block.seconds == pytest.approx(0.41)


class _Burner:
    async def burn(self) -> None:
        end_s = time.process_time() + BURNED_S
        while time.process_time() < end_s:
            pass

    async def cpu_s(self) -> float:
        return time.process_time()

    async def close(self) -> None:
        """Has nothing to close."""


def serve_burner(commands: Connection) -> None:
    asyncio.run(serve(commands, _Burner()))


def test_cpu_time_of_a_process_is_what_it_burned_and_hardly_more():
    with Worker("burner", serve_burner) as worker:
        before_s = worker.call("cpu_s", 30.0)
        worker.call("burn", 30.0)
        burned_s = worker.call("cpu_s", 30.0) - before_s
    assert BURNED_S <= burned_s < 1.25 * BURNED_S


def shuffled(results, seed):
    """The same samples as if the variants had come in another order, rounds too."""
    rng = np.random.default_rng(seed)
    rounds = {0: 0, **dict(enumerate(rng.permutation(results.workload.rounds) + 1, start=1))}

    def mixed(rows):
        moved = [replace(row, round=int(rounds[row.round])) for row in rows]
        return tuple(moved[int(index)] for index in rng.permutation(len(moved)))

    return replace(
        results,
        samples=mixed(results.samples),
        blocks=mixed(results.blocks),
        serialization=mixed(results.serialization),
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_variants_does_not_change_verdicts(reference, seed):
    recorded, moved = judge_all(reference), judge_all(shuffled(reference, seed))
    assert [finding.verdict for finding in moved] == [finding.verdict for finding in recorded]
