"""A producer or a consumer as a process of its own, set up by its environment alone.

``python -m wildfire_bench.bench.rollback.worker producer NAME`` sends one image after the other
until SIGTERM, or the end of its standard input, and tells each that is acknowledged;
``consumer NAME GROUP`` receives, and tells each image when it comes and when its acknowledgement is
committed. What is told is one JSON document a line, with the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import signal
import sys
import time
from typing import Any

import numpy as np

from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer

__all__ = ["SIZES_BYTES", "main"]

SIZES_BYTES = (40_000, 200_000, 400_000)
"""Images sent in turn: the rehearsal's thresholds send one of each by every route. The last one
needs an object store and is left out without."""
PACE_S = 0.05
"""Pause between two images of a producer."""


def main(arguments: list[str]) -> None:
    """Run one of the two until it is asked to end."""
    role, name, *group = arguments
    asyncio.run(_send(name) if role == "producer" else _receive(group[0]))


async def _send(name: str) -> None:
    stop = _asked_to_end()
    async with KafkaDataProducer() as producer:
        _tell("ready")
        sizes = SIZES_BYTES if producer.settings.s3.configured else SIZES_BYTES[:-1]
        for number in itertools.count():
            if stop.is_set():
                return
            image = _picture(name, number, sizes[number % len(sizes)])
            receipt = await producer.send_satellite_image(image, {"number": number}, name)
            _tell(
                "sent",
                image_id=receipt.image_id,
                route=receipt.route.value,
                digest=_digest(image),
                dataref=receipt.dataref,
            )
            await asyncio.sleep(PACE_S)


async def _receive(group_id: str) -> None:
    stop = _asked_to_end()
    consumer = SatelliteImageConsumer(group_id=group_id, acknowledge="manual")
    ending = asyncio.ensure_future(stop.wait())
    async with consumer as images:
        _tell("ready")
        while not stop.is_set():
            coming = asyncio.ensure_future(anext(images))
            await asyncio.wait({coming, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                return
            image = coming.result()
            _tell("received", image_id=image.image_id, digest=_digest(image.data))
            try:
                await image.ack()
            except AcknowledgementLost:  # a rebalance was faster: it comes again
                continue
            _tell("acknowledged", image_id=image.image_id)


def _picture(name: str, number: int, size_bytes: int) -> bytes:
    """Bytes that no other image has, and that compress a little."""
    seed = np.frombuffer(hashlib.sha256(f"{name}/{number}".encode()).digest(), np.uint32)
    return np.random.default_rng(seed).integers(0, 64, size_bytes, dtype=np.uint8).tobytes()


def _digest(image: Any) -> str:
    # Not the library's own: what is compared at the end must not rest on what is being tried.
    return hashlib.sha256(image).hexdigest()


def _tell(what: str, **details: Any) -> None:
    print(json.dumps({"what": what, "at_s": time.monotonic(), **details}), flush=True)  # noqa: T201


def _asked_to_end() -> asyncio.Event:
    """SIGTERM, as ``docker compose restart`` sends it, or the end of whoever started us."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    loop.add_reader(sys.stdin.fileno(), _end_of_input, loop, stop)
    return stop


def _end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()


if __name__ == "__main__":
    main(sys.argv[1:])
