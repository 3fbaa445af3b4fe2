"""The harness measured: drivers whose cost is known, and samples whose order must not matter."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wildfire_bench.bench.block import BlockRunner
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.variants import variant_named
from wildfire_bench.bench.verdicts import judge_all
from wildfire_bench.bench.worker import Arrival, Sent, serve
from wildfire_bench.settings import Settings

BURNED_S = 0.2
IMAGE = SimpleNamespace(
    name="known", source_id="known", size_bytes=1_000_000, sha256="ab" * 32, metadata={}
)


@dataclass
class KnownCost:
    """Both sides of a system in which each image costs the same, on a clock of its own."""

    late_ns: int = 0
    """How late the sender begins."""
    transport_ns: int = 10_000_000
    consumer_ns: int = 0
    """How long the consumer keeps an image before it is in anyone's hands."""
    sent: int = 0
    answers: dict[str, Any] = field(default_factory=dict)

    def side(self, name: str) -> SimpleNamespace:
        def ask(command: str, **arguments: Any) -> None:
            self.answers[name] = getattr(self, command, lambda **_: None)(**arguments)

        def answer(_timeout_s: float) -> Any:
            if name == "consumer" and self.answers[name] == "receiving":
                return self.arrival
            return self.answers[name]

        def call(command: str, timeout_s: float, /, **arguments: Any) -> Any:
            ask(command, **arguments)
            return answer(timeout_s)

        return SimpleNamespace(ask=ask, answer=answer, call=call)

    def receive(self, timeout_s: float) -> str:
        return "receiving"

    def send(self, intended_ns: int, **_: Any) -> Sent:
        self.sent += 1
        acknowledged_ns = intended_ns + self.late_ns + self.transport_ns
        name = f"image-{self.sent}"
        self.arrival = Arrival(name, acknowledged_ns + self.consumer_ns, IMAGE.sha256)
        return Sent(name, acknowledged_ns, IMAGE.size_bytes, 1)

    def cpu_s(self) -> float:
        return 0.03 * self.sent

    def wire_bytes(self) -> int:
        return 1_000_500 * self.sent

    def log_dir_bytes(self, _prefix: str) -> int:
        return 1_000_200 * self.sent

    def file_bytes(self, _prefix: str) -> int:
        return self.log_dir_bytes(_prefix)


def measure(system: KnownCost):
    runner = BlockRunner(
        producer=system.side("producer"),
        consumer=system.side("consumer"),
        broker=system,
        storage=system,
        scene=IMAGE,
        settings=Settings(),
        run_id="self-check",
        timeout_s=1.0,
    )
    return runner.run(variant_named("binary_none"), 1, 3)


def test_a_driver_of_known_cost_is_measured_right():
    samples, block = measure(KnownCost())
    assert [sample.end_to_end_ms for sample in samples] == [10.0, 10.0, 10.0]
    assert (block.wire_bytes, block.stored_bytes) == (3 * 1_000_500, 3 * 1_000_200)
    costs = (block.producer_cpu_s, block.consumer_cpu_s, block.broker_cpu_s)
    assert costs == pytest.approx((0.09, 0.09, 0.09))


def test_a_slow_consumer_shows_as_latency():
    samples, _ = measure(KnownCost(consumer_ns=500_000_000))
    assert [sample.end_to_end_ms for sample in samples] == [510.0] * 3


def test_a_slow_consumer_is_not_taken_for_a_slow_broker():
    samples, _ = measure(KnownCost(consumer_ns=500_000_000))
    assert [sample.acknowledged_ms for sample in samples] == [10.0] * 3


def test_a_sender_that_is_late_counts_from_the_intended_time():
    samples, _ = measure(KnownCost(late_ns=250_000_000))
    assert [sample.end_to_end_ms for sample in samples] == [260.0] * 3


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
