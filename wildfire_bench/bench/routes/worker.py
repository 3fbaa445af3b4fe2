"""Producer's and consumer's process of the comparison of routes: library and bare loops alike."""

from __future__ import annotations

import asyncio
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from wildfire_bench.bench.probes import ProcessCounter
from wildfire_bench.bench.routes.bare_loops import BareConsumer, BareProducer
from wildfire_bench.bench.worker import serve
from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import BenchmarkError, NotRunning
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.topics import topic_names

__all__ = ["IN_FLIGHT", "serve_routes_consumer", "serve_routes_producer"]

IN_FLIGHT = 4
"""Images under way at a time when throughput is measured, for all variants alike."""


def serve_routes_producer(commands: Connection) -> None:
    """Run the producer's side until the pipe closes."""
    asyncio.run(serve(commands, _ProducerSide()))


def serve_routes_consumer(commands: Connection) -> None:
    """Run the consumer's side until the pipe closes."""
    asyncio.run(serve(commands, _ConsumerSide()))


class _Side:
    """What both tell of themselves."""

    def __init__(self) -> None:
        self._counter = ProcessCounter(os.getpid())
        # On Linux a process starts with the peak of the one that started it.
        self._counter.forget_peak()
        self._seconds: dict[str, float] = {}

    async def seconds(self) -> dict[str, float]:
        """Seconds per stage of the last image, as the library tells them; none of a bare loop."""
        return self._seconds

    async def usage(self) -> tuple[float, int]:
        """CPU seconds and peak resident bytes of this process so far."""
        return _usage(self._counter)


class _ProducerSide(_Side):
    def __init__(self) -> None:
        super().__init__()
        self._library: KafkaDataProducer | None = None
        self._bare: BareProducer | None = None
        self._image = b""
        self._sent = 0

    async def open(self, variant: str, settings: Settings, path: Path) -> None:
        """Start; the image is read here, so that it counts in every variant's memory alike."""
        self._image = await asyncio.to_thread(path.read_bytes)
        if variant == "library":
            self._library = KafkaDataProducer(settings=settings)
            await self._library.start()
            return
        names = topic_names(settings)
        if variant == "raw_message":
            self._bare = BareProducer(settings, names.json, None)
        else:
            codec = choose_codec(DataType.SATELLITE_IMAGERY, settings)
            self._bare = BareProducer(settings, names.chunks, codec)

    async def send(self, images: int, in_flight: int) -> list[int]:
        """Send images, each under a name of its own; when each was begun, in nanoseconds."""
        turns = asyncio.Semaphore(in_flight)
        started: list[int] = []

        async def one(name: str) -> None:
            async with turns:
                started.append(time.monotonic_ns())
                if self._library is not None:
                    receipt = await self._library.send_satellite_image(self._image, source_id=name)
                    self._seconds = dict(receipt.seconds)
                elif self._bare is not None:
                    await asyncio.to_thread(self._bare.send, self._image, name)
                else:
                    msg = "open comes before send"
                    raise NotRunning(msg)

        names = [f"{self._sent + number}" for number in range(images)]
        self._sent += images
        await asyncio.gather(*map(one, names))
        return started

    async def close(self) -> None:
        """Stop."""
        if self._library is not None:
            await self._library.stop()
        if self._bare is not None:
            self._bare.close()
        self._library = self._bare = None


class _ConsumerSide(_Side):
    def __init__(self) -> None:
        super().__init__()
        self._library: SatelliteImageConsumer | None = None
        self._bare: BareConsumer | None = None
        self._arrivals: asyncio.Queue[tuple[int, memoryview]] = asyncio.Queue()
        self._digest = ""
        self._size = 0

    async def open(self, variant: str, settings: Settings, path: Path) -> None:
        """Start, and digest the image that every arrival is compared with."""
        image = await asyncio.to_thread(path.read_bytes)
        self._digest, self._size = digest_of(image), len(image)
        if variant == "library":
            group_id = f"{settings.topic_prefix}routes"
            self._library = SatelliteImageConsumer(group_id=group_id, settings=settings)
            await self._library.start()
            return
        loop = asyncio.get_running_loop()

        def arrived(_name: str, data: memoryview) -> None:
            at = time.monotonic_ns()
            loop.call_soon_threadsafe(self._arrivals.put_nowait, (at, data))

        names = topic_names(settings)
        raw = variant == "raw_message"
        codec = None if raw else choose_codec(DataType.SATELLITE_IMAGERY, settings)
        topic = names.json if raw else names.chunks
        self._bare = await asyncio.to_thread(
            BareConsumer, settings, topic, codec, self._size, arrived
        )

    async def receive(self, images: int, timeout_s: float, check: bool) -> list[int]:
        """When each image was here, in nanoseconds; compared with what was sent if asked to."""
        arrivals = []
        async with asyncio.timeout(timeout_s):
            for _ in range(images):
                at, data = await self._next()
                arrivals.append(at)
                if check and digest_of(data) != self._digest:
                    msg = "an image arrived with other bytes than were sent"
                    raise BenchmarkError(msg)
        return arrivals

    async def close(self) -> None:
        """Stop."""
        if self._library is not None:
            await self._library.stop()
        if self._bare is not None:
            await asyncio.to_thread(self._bare.close)
        self._library = self._bare = None

    async def _next(self) -> tuple[int, memoryview]:
        if self._library is None:
            return await self._arrivals.get()
        image = await anext(self._library)
        arrived_ns = time.monotonic_ns()
        self._seconds = dict(image.seconds)
        return arrived_ns, image.data


def _usage(counter: ProcessCounter) -> tuple[float, int]:
    peak = counter.peak_bytes()
    if peak is None:  # a system whose kernel lets none begin anew
        memory: Any = psutil.Process().memory_info()
        peak = getattr(memory, "peak_wset", None)  # Windows
    if peak is None:
        import resource
        import sys

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return counter.cpu_s(), int(peak)
