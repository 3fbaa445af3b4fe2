"""The chunked route against one raw message, and against the least that could do its work.

All variants carry the same 30 MB scene, in one run, in a new order each round, each in processes of
its own (so that its peak memory is its own). Latency is that of an image that comes alone, from the
moment its send begins to its bytes in the consumer's hands; throughput is images back to back, four
in flight, until the last has arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from wildfire_bench.bench.environment import describe_environment
from wildfire_bench.bench.machine_load import busy_note
from wildfire_bench.bench.new_memory import measure_new_memory, new_memory_note
from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.routes.result import (
    VARIANTS,
    RouteSample,
    RoutesPlan,
    RoutesResult,
    VariantName,
)
from wildfire_bench.bench.routes.stages import stages_of
from wildfire_bench.bench.routes.worker import (
    IN_FLIGHT,
    serve_routes_consumer,
    serve_routes_producer,
)
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.wire_proxy import WireProxy, broker_ports
from wildfire_bench.samples import sample
from wildfire_bench.settings import CodecChoice, DataType, Settings
from wildfire_bench.stack import Stack

__all__ = ["measure_routes"]

TIMEOUT_S: Final = 120.0
WARM_UP_ROUND: Final = 0
PAUSE_S: Final = 0.1
"""Before each image whose latency is measured. Right after another, it would find the memory that
this one left free: a rival that takes new memory for each image would be quicker for that."""


def measure_routes(
    stack: Stack,
    plan: RoutesPlan,
    *,
    codec: CodecChoice | None = None,
    progress: Callable[[str], None] | None = None,
) -> RoutesResult:
    """Compare the chunked route with one raw message and with a bare loop.

    Parameters
    ----------
    stack
        Where to.
    plan
        What is carried, how often, and over what.
    codec
        Of the library's chunks and of the bare loop's alike; None for the settings'.
    progress
        Told a line after every step.

    Raises
    ------
    BenchmarkError
        If a process ends or hangs, or an image arrives altered; or if no link can be put before
        the brokers, since they are elsewhere or speak TLS.
    """
    started = time.monotonic()
    scene = sample("sentinel-2", plan.size_bytes)
    environment = describe_environment(stack)
    probe = ServerProbe(stack.brokers, "brokers")
    memory_note = new_memory_note(measure_new_memory())
    base, chosen = _settings_with(stack, codec, plan.chunk_bytes)
    samples = []
    for round_, variant in _interleaved(plan.rounds):
        prefix = f"routes-{round_}-{variant.replace('_', '-')}-"
        settings = base.model_copy(update={"topic_prefix": prefix})
        with run_topics([settings]), _behind_link(settings, plan.link_mbit_per_s) as linked:
            measured = _measure(variant, round_, linked, image=scene.path, plan=plan, probe=probe)
        if round_ != WARM_UP_ROUND:
            samples.append(measured)
        if progress is not None:
            progress(_line(measured, plan.rounds))
    busy = busy_note(environment.load_before, environment.cores)
    notes = probe.missing, busy, memory_note
    return RoutesResult(
        plan=plan,
        size_bytes=scene.size_bytes,
        dataset=scene.name,
        codec=chosen.codec if chosen.level is None else f"{chosen.codec}-{chosen.level}",
        chunk_bytes=base.routing.chunk_bytes,
        environment=environment,
        samples=tuple(samples),
        notes=tuple(note for note in notes if note is not None),
        duration_s=time.monotonic() - started,
    )


def _settings_with(
    stack: Stack, codec: CodecChoice | None, chunk_bytes: int | None
) -> tuple[Settings, CodecChoice]:
    base = stack.apply(Settings())
    chosen = codec or base.compression_matrix[DataType.SATELLITE_IMAGERY]
    matrix = {**base.compression_matrix, DataType.SATELLITE_IMAGERY: chosen}
    cut = {} if chunk_bytes is None else {"chunk_bytes": chunk_bytes}
    routing = base.routing.model_copy(update=cut)
    return base.model_copy(update={"compression_matrix": matrix, "routing": routing}), chosen


@contextmanager
def _behind_link(settings: Settings, mbit_per_s: float | None) -> Iterator[Settings]:
    """Settings that lead to the brokers over a link of its own for each variant and round."""
    if mbit_per_s is None:
        yield settings
        return
    bytes_per_s = mbit_per_s * 1e6 / 8
    with WireProxy(broker_ports(settings), kafka=True, bytes_per_s=bytes_per_s) as link:
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": link.addresses})
        yield settings.model_copy(update={"kafka": kafka})


def _interleaved(rounds: int) -> Iterator[tuple[int, VariantName]]:
    """All variants in each round, in an order of its own; the first round is for warming up."""
    order = np.random.default_rng(20251013)
    for round_ in (WARM_UP_ROUND, *range(1, rounds + 1)):
        for index in order.permutation(len(VARIANTS)):
            yield round_, VARIANTS[int(index)]


def _line(one: RouteSample, rounds: int) -> str:
    which = "warm-up" if one.round == WARM_UP_ROUND else f"round {one.round}/{rounds}"
    return (
        f"{which} {one.variant}: {one.mb_per_s:.0f} MB/s, "
        f"p50 {median(one.latency_ms):.0f} ms, "
        f"producer peak {one.producer_peak_bytes / 1e6:.0f} MB"
    )


def _measure(
    variant: VariantName,
    round_: int,
    settings: Settings,
    *,
    image: Path,
    plan: RoutesPlan,
    probe: ServerProbe,
) -> RouteSample:
    with (
        Worker("producer", serve_routes_producer) as producer,
        Worker("consumer", serve_routes_consumer) as consumer,
    ):
        for side in (consumer, producer):
            side.call("open", TIMEOUT_S, variant=variant, settings=settings, path=image)

        def carry(images: int, in_flight: int, *, check: bool) -> tuple[list[int], list[int]]:
            consumer.ask("receive", images=images, timeout_s=TIMEOUT_S, check=check)
            begun = producer.call("send", TIMEOUT_S, images=images, in_flight=in_flight)
            return begun, consumer.answer(TIMEOUT_S)

        first_ms = _latency_ms(*carry(plan.warm_up_images, 1, check=True))
        latencies, stages = [], []
        for _ in range(plan.latency_images):
            time.sleep(PAUSE_S)
            latencies.append(_latency_ms(*carry(1, 1, check=False)))
            if variant == "library":
                told = (side.call("seconds", TIMEOUT_S) for side in (producer, consumer))
                stages.append(stages_of(latencies[-1], *told))
        before = producer.call("usage", TIMEOUT_S), consumer.call("usage", TIMEOUT_S)
        broker_before = probe.cpu_s()
        begun, arrived = carry(plan.throughput_images, IN_FLIGHT, check=False)
        broker_after = probe.cpu_s()
        after = producer.call("usage", TIMEOUT_S), consumer.call("usage", TIMEOUT_S)
        carry(1, 1, check=True)
    gigabytes = plan.throughput_images * image.stat().st_size / 1e9
    broker = None
    if broker_before is not None and broker_after is not None:
        broker = (broker_after - broker_before) / gigabytes
    return RouteSample(
        variant=variant,
        round=round_,
        latency_ms=tuple(latencies),
        first_image_ms=first_ms,
        mb_per_s=gigabytes * 1e3 / ((max(arrived) - min(begun)) / 1e9),
        producer_cpu_s_per_gb=(after[0][0] - before[0][0]) / gigabytes,
        consumer_cpu_s_per_gb=(after[1][0] - before[1][0]) / gigabytes,
        broker_cpu_s_per_gb=broker,
        producer_peak_bytes=after[0][1],
        consumer_peak_bytes=after[1][1],
        stages=tuple(stages),
    )


def _latency_ms(begun: list[int], arrived: list[int]) -> float:
    """Of the first of some images, whose times are in nanoseconds."""
    return (arrived[0] - begun[0]) / 1e6
