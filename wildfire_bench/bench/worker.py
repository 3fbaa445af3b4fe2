"""The producer's and the consumer's side of a measurement, each in a process of its own.

A worker is started by spawning, so that it shares nothing with its parent, and is driven through a
pipe: one command, one answer. It uses the library's public classes and nothing else; what is timed
is what a user's program does. When the pipe closes (the parent ended, however) it ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol

from wildfire_bench.bench.memory_sampler import give_memory_back
from wildfire_bench.bench.serialization import time_serialization
from wildfire_bench.errors import NotRunning, WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.sending.image_source import ImageSource, identify

__all__ = [
    "Arrival",
    "Command",
    "Failure",
    "Sent",
    "Side",
    "serve",
    "serve_consumer",
    "serve_producer",
]

STATISTICS_INTERVAL_MS = 50
PARENT_GONE_STATUS = 3


@dataclass(frozen=True, slots=True)
class Command:
    """What a worker is asked to do: the name of one of its methods, and its arguments."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer when a command raised."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Sent:
    """An image was acknowledged."""

    image_id: str
    due_ns: int
    """When it was meant to go; `time.monotonic_ns`, which all processes of a machine share."""
    acknowledged_ns: int
    value_bytes: int
    records: int
    route: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image is in the consumer's hands, verified by the library."""

    image_id: str
    arrived_ns: int
    sha256: str
    """Of the received bytes; computed when nothing is under way, and kept out of the CPU time."""


def serve_producer(commands: Connection) -> None:
    """Run the producer's side until the pipe closes."""
    asyncio.run(serve(commands, _ProducerSide()))


def serve_consumer(commands: Connection) -> None:
    """Run the consumer's side until the pipe closes."""
    asyncio.run(serve(commands, _ConsumerSide()))


class Side(Protocol):
    """What answers commands: each is one of its asynchronous methods."""

    async def close(self) -> None:
        """Stop what was started; called when the pipe closes."""


async def serve(commands: Connection, side: Side) -> None:
    """Answer the commands of a pipe, one at a time, until it closes."""
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        while True:
            command: Command = await asyncio.to_thread(commands.recv)
            method: Callable[..., Awaitable[Any]] = getattr(side, command.name)
            try:
                answer = await method(**command.arguments)
            except Exception as error:  # noqa: BLE001 - told to the parent, which decides
                answer = Failure(type(error).__name__, str(error))
            commands.send(answer)
    except (EOFError, OSError):
        return


def _end_with_parent() -> None:
    """End at once when the parent is gone: the brokers may be too, and nobody can be told."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(PARENT_GONE_STATUS)


class _ProducerSide:
    """Commands of the producer's process."""

    def __init__(self) -> None:
        self._producer: KafkaDataProducer | None = None
        self._images: dict[str, bytes] = {}
        self._statistics: dict[str, str] = {}

    async def load(self, images: Mapping[str, Path]) -> None:
        """Read the images to send, so that no file is read in a timed part."""
        self._images = {name: path.read_bytes() for name, path in images.items()}

    async def open(self, settings: Settings, client_options: Mapping[str, Any]) -> None:
        """Start a producer; its byte counters begin at zero."""
        give_memory_back()
        self._statistics = {}
        options = {
            "statistics.interval.ms": STATISTICS_INTERVAL_MS,
            "stats_cb": self._keep_statistics,
            **client_options,
        }
        self._producer = KafkaDataProducer(settings=settings, client_options=options)
        await self._producer.start()

    async def send(
        self,
        *,
        image: str,
        metadata: Mapping[str, Any],
        source_id: str,
        acquired: Sequence[str],
        start_ns: int,
        in_flight: int | None,
        per_s: float | None,
    ) -> list[Sent | Failure]:
        """Send an image once for each acquisition time; being late counts as latency.

        With `per_s` the sends are due at that rate from `start_ns` on, whether or not earlier ones
        are acknowledged; with `in_flight` each is due as soon as there is room for it.
        """
        producer = self._running()
        turns = asyncio.Semaphore(in_flight or len(acquired))

        async def one(index: int, time_stamp: str) -> Sent | Failure:
            async with turns:
                due_ns = start_ns + (round(index * 1e9 / per_s) if per_s else 0)
                if in_flight and index >= in_flight:
                    due_ns = time.monotonic_ns()
                await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
                described = {**metadata, "timestamp": time_stamp}
                try:
                    receipt = await producer.send_satellite_image(
                        self._images[image], described, source_id
                    )
                except WildfireBenchError as error:
                    return Failure(type(error).__name__, str(error))
                return Sent(
                    receipt.image_id,
                    due_ns,
                    time.monotonic_ns(),
                    receipt.encoded_bytes,
                    len(receipt.places),
                    receipt.route.value,
                )

        return await asyncio.gather(*(one(*each) for each in enumerate(acquired)))

    async def cpu_s(self) -> float:
        """CPU time of this process so far, user and system."""
        return time.process_time()

    async def wire_bytes(self) -> int:
        """Bytes sent to the brokers so far, as librdkafka counts them."""
        await asyncio.sleep(1.5 * STATISTICS_INTERVAL_MS / 1e3)  # for a count that holds them all
        return sum(_sent_bytes(json.loads(text)) for text in self._statistics.values())

    async def serialize(
        self, image: str, metadata: Mapping[str, Any], source_id: str, round_: int
    ) -> list[Any]:
        """Time the way from image to value, nothing sent."""
        data = self._images[image]
        with ImageSource(data, len(data)) as source:
            identity = identify(source, metadata, source_id)
        return list(time_serialization(data, metadata, identity, round_))

    async def close(self) -> None:
        """Stop the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    def _running(self) -> KafkaDataProducer:
        if self._producer is None:
            msg = "open comes before send"
            raise NotRunning(msg)
        return self._producer

    def _keep_statistics(self, text: str) -> None:
        """Keep the newest counters of each client; parsed when asked for, not in the timed part."""
        # {"name": "rdkafka#producer-3", ...}: the name comes first and is short
        self._statistics[text[:64]] = text


class _ConsumerSide:
    """Commands of the consumer's process."""

    def __init__(self) -> None:
        self._consumer: SatelliteImageConsumer | None = None
        self._checking_cpu_s = 0.0

    async def open(self, settings: Settings, group_id: str) -> None:
        """Start a consumer."""
        give_memory_back()
        self._consumer = SatelliteImageConsumer(group_id=group_id, settings=settings)
        await self._consumer.start()

    async def receive(self, count: int, timeout_s: float) -> list[Arrival]:
        """Wait for so many images, and take their SHA-256 once the last one's arrival is noted.

        Fewer come back when the time is over.
        """
        if self._consumer is None:
            msg = "open comes before receive"
            raise NotRunning(msg)
        arrived: list[tuple[str, int, memoryview]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while len(arrived) < count:
                    image = await anext(self._consumer)
                    arrived.append((image.image_id, time.monotonic_ns(), image.data))
        started_cpu_s = time.process_time()
        found = [Arrival(name, at, hashlib.sha256(data).hexdigest()) for name, at, data in arrived]
        self._checking_cpu_s += time.process_time() - started_cpu_s
        return found

    async def cpu_s(self) -> float:
        """CPU time of this process so far, without the harness's own check."""
        return time.process_time() - self._checking_cpu_s

    async def close(self) -> None:
        """Stop the consumer."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()


def _sent_bytes(statistics: Mapping[str, Any]) -> int:
    return int(statistics["tx_bytes"])
