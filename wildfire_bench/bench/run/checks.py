"""Short measurements with one answer each, for claims about limits rather than speed.

All but one need no broker; that one carries an image of 100 MB through Kafka and compares it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import numpy as np

from wildfire_bench.bench.measurements import Check
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.errors import BenchmarkError, WildfireBenchError
from wildfire_bench.samples import sample
from wildfire_bench.settings import MB, RoutingSettings, Settings
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.json_fallback import encode_json_image
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.model import Chunk, Receipt, Route
from wildfire_bench.streaming.receiving.reassembly import Reassembly
from wildfire_bench.streaming.routing import CarryingLimits, choose_route
from wildfire_bench.streaming.satellite_image import SatelliteImage
from wildfire_bench.streaming.sending.image_source import ImageSource, identify

__all__ = [
    "gzip_takes_over",
    "largest_json_image",
    "largest_on_route",
    "largest_transported",
    "reassembly_timeout",
    "run_checks",
]

LARGE_IMAGE_BYTES: Final = 100 * MB
JSON_RECORD_BYTES: Final = 10 * 1024 * 1024
"""The largest record of a system limited to 10 MB, read as Kafka counts (guide, section 3)."""
ARRIVAL_TIMEOUT_S = 120.0
PROCESS_TIMEOUT_S = 60.0
_SCENE = "sentinel-2"
_T = TypeVar("_T")
_WITHOUT_ZSTANDARD = """
import sys
sys.modules["zstandard"] = None
from wildfire_bench.compression import choose_codec
from wildfire_bench.settings import DataType, Settings
print(choose_codec(DataType.SATELLITE_IMAGERY, Settings()).name)
"""


def run_checks(settings: Settings) -> tuple[Check, ...]:
    """Make all checks.

    Parameters
    ----------
    settings
        Where the brokers are; topics of the check's own are made and removed.

    Raises
    ------
    BenchmarkError
        If a check cannot be made. That an image does not arrive is an answer, not an error.
    """
    return (
        largest_transported(settings),
        largest_json_image(),
        largest_on_route(Route.DIRECT),
        largest_on_route(Route.CHUNKED),
        _in_thread(_chunk_size),
        reassembly_timeout(),
        gzip_takes_over(),
        _newer_than("0.8.1", "0.11.0"),
    )


def largest_transported(settings: Settings, size_bytes: int = LARGE_IMAGE_BYTES) -> Check:
    """Send an image through Kafka and compare what arrives; 0 MB if it is not the same."""
    prefix = f"bench-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-limits."
    settings = settings.model_copy(update={"topic_prefix": prefix, "routing": RoutingSettings()})
    image = sample(_SCENE, size_bytes, exact=True).data
    started = time.monotonic()
    try:
        with run_topics([settings]):
            receipt, found = _in_thread(lambda: _carry(settings, image))
        same = np.array_equal(np.frombuffer(found.data, np.uint8), np.frombuffer(image, np.uint8))
    except (WildfireBenchError, TimeoutError) as error:
        return Check("largest_transported_mb", 0.0, "MB", f"It did not arrive: {error}")
    seconds = time.monotonic() - started
    said = "arrived byte for byte as it was sent" if same else "arrived altered"
    detail = (
        f"An image of {len(image):,} bytes {said}, {receipt.route.value} in "
        f"{len(receipt.places)} records, within {seconds:.0f} s"
    )
    return Check("largest_transported_mb", len(image) / MB if same else 0.0, "MB", detail)


def largest_json_image() -> Check:
    """Find the largest image whose base64 JSON fits a record of 10 MiB."""

    def json_bytes(image_bytes: int) -> int:
        image = bytes(image_bytes)
        with ImageSource(image, image_bytes) as source:
            identity = identify(source, {}, "limits")
        return len(encode_json_image(image, {}, identity))

    largest = _last(lambda size: json_bytes(size) <= JSON_RECORD_BYTES, 1, JSON_RECORD_BYTES)
    detail = (
        f"A record of {JSON_RECORD_BYTES:,} bytes holds the base64 JSON of an image of at most "
        f"{largest:,} bytes"
    )
    return Check("largest_json_image_mb", largest / MB, "MB", detail)


def largest_on_route(route: Route) -> Check:
    """Find the largest image that takes a route at the default settings and the guide's topics."""
    limits = CarryingLimits(
        direct_record_bytes=20_971_520, chunk_record_bytes=10_485_760, object_store=True
    )

    def takes(size_bytes: int) -> bool:
        order = list(Route)
        taken = choose_route(size_bytes, RoutingSettings(), limits).route
        return order.index(taken) <= order.index(route)

    largest = _last(takes, 1, RoutingSettings().max_image_bytes)
    detail = f"Images of up to {largest:,} bytes take the route {route.value}, larger ones do not"
    return Check(f"largest_{route.value}_mb", largest / MB, "MB", detail)


def reassembly_timeout() -> Check:
    """Find when an image that stays incomplete is given up, in the time of its partition."""
    chunk = _in_thread(_first_chunk)
    settings = Settings()

    def kept(after_ms: int) -> bool:
        reassembly = Reassembly(settings.kafka_consumer, settings.routing)
        assembly = reassembly.admit(chunk, "partition", 0.0).assembly
        given_up = reassembly.expire("partition", float(after_ms))
        if not given_up:
            reassembly.forget(assembly)
        return not given_up

    last_ms = _last(kept, 1, 10 * 60 * 1000)
    detail = f"An image with chunks missing is kept for {last_ms / 1000:,.1f} s, then given up"
    return Check("reassembly_timeout_s", last_ms / 1000, "s", detail)


def gzip_takes_over() -> Check:
    """Start a Python without zstandard and ask which codec images get."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_ZSTANDARD],
        capture_output=True,
        text=True,
        timeout=PROCESS_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        msg = f"a Python without zstandard ended with {done.returncode}: {done.stderr[-400:]}"
        raise BenchmarkError(msg)
    chosen = done.stdout.strip()
    detail = f"Where the package zstandard is missing, images are encoded with {chosen}"
    return Check("gzip_takes_over", float(chosen == "gzip"), "", detail)


def _newer_than(wanted: str, present: str) -> Check:
    """Compare two versions that the guide names, part by part."""
    newer = [int(part) for part in wanted.split(".")] > [int(part) for part in present.split(".")]
    relation = "newer" if newer else "older"
    detail = f"Version {wanted} is {relation} than {present}"
    return Check("upgrade_is_newer", float(newer), "", detail)


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Bisect for the last number at which a condition holds that stops holding once."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


async def _carry(settings: Settings, image: memoryview) -> tuple[Receipt, SatelliteImage]:
    consumer = SatelliteImageConsumer(group_id=f"{settings.topic_prefix}group", settings=settings)
    producer = KafkaDataProducer(settings=settings)
    async with consumer as images, producer:
        receipt = await producer.send_satellite_image(image, {}, "limits")
        found = await asyncio.wait_for(anext(images), ARRIVAL_TIMEOUT_S)
    return receipt, found


async def _chunk_size() -> Check:
    """Cut an image just past the direct route's limit, and look at the first chunk."""
    chunk = await _chunk_of(sample(_SCENE, 20 * MB + 1, exact=True).data, Settings())
    size = chunk.block.size_bytes
    detail = f"An image of {20 * MB + 1:,} bytes is cut into chunks of {size:,} bytes"
    return Check("chunk_mb", size / MB, "MB", detail)


async def _first_chunk() -> Chunk:
    small = Settings(routing=RoutingSettings(chunk_bytes=65_536))
    return await _chunk_of(memoryview(bytes(200_000)), small)


async def _chunk_of(image: memoryview, settings: Settings) -> Chunk:
    async with ImageChunkManager(settings) as manager:
        async for chunk in manager.split(image, {}, "limits"):
            return manager.deserialize_chunk((chunk.value, chunk.headers))
    msg = "an image was cut into no chunks"
    raise BenchmarkError(msg)


def _in_thread(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run a coroutine where an event loop may be running already, as in a notebook."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()
