"""Received images as files: each whole and on disk before it is acknowledged."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from wildfire_bench.errors import AcknowledgementLost, InputError
from wildfire_bench.streaming.files.image_folder import ImageFolder, StoredImage
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.satellite_image import SatelliteImage

__all__ = ["ReceivedFile", "receive_files"]

log = logging.getLogger(__name__)

_JOIN_POLL_S = 0.1
JOIN_TIMEOUT_S = 300.0
"""What a group may take to give its partitions before that counts as idle too: as long as a member
that hangs may hold up the others (``max.poll.interval.ms``)."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """An image that lies on the disk."""

    image: SatelliteImage
    """What is known of it; its bytes are let go of."""
    stored: StoredImage
    acknowledged: bool
    """False when another member of the group took its partition over: there it comes again."""


async def receive_files(
    images: SatelliteImageConsumer,
    folder: ImageFolder,
    *,
    max_images: int | None = None,
    idle_timeout_s: float | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[ReceivedFile]:
    """Write every image that comes, and acknowledge it once it is on the disk.

    Parameters
    ----------
    images
        Started, with ``acknowledge="manual"``.
    folder
        Where to.
    max_images
        Ends after so many; None for no end.
    idle_timeout_s
        Ends when none has come for so long, once the group has given it its partitions (or has
        not within `JOIN_TIMEOUT_S`); None waits for ever.
    stop
        When set, ends after the image in hand.

    Raises
    ------
    InputError
        If the consumer acknowledges by loop: that would be too early or too late.
    FileNotWritten
        If an image cannot be written; it is not acknowledged then and comes again.
    """
    if images.acknowledge != "manual":
        msg = "receive_files acknowledges by itself: make the consumer with acknowledge='manual'"
        raise InputError(msg)
    stopped = asyncio.create_task((stop or asyncio.Event()).wait())
    received = 0
    try:
        while max_images is None or received < max_images:
            image = await _next(images, stopped, idle_timeout_s)
            if image is None:
                return
            stored = await asyncio.to_thread(folder.store, image)
            acknowledged = await _acknowledge(image)
            received += 1
            yield ReceivedFile(replace(image, data=memoryview(b"")), stored, acknowledged)
    finally:
        stopped.cancel()


async def _next(
    images: SatelliteImageConsumer, stopped: asyncio.Task[bool], idle_timeout_s: float | None
) -> SatelliteImage | None:
    if stopped.done():
        return None
    upcoming = asyncio.ensure_future(anext(images, None))
    waiting = {upcoming, stopped}
    joined_by_s = time.monotonic() + JOIN_TIMEOUT_S
    try:
        # A member that was killed holds its partitions until its session ends: that is not idle.
        while not (images.joined or upcoming.done() or stopped.done()):
            if time.monotonic() > joined_by_s:
                break
            await asyncio.wait(waiting, timeout=_JOIN_POLL_S, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(waiting, timeout=idle_timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not upcoming.done():
            upcoming.cancel()
    await asyncio.wait({upcoming})
    return None if upcoming.cancelled() else upcoming.result()


async def _acknowledge(image: SatelliteImage) -> bool:
    try:
        await image.ack()
    except AcknowledgementLost as error:
        log.warning("%s", error)
        return False
    return True
