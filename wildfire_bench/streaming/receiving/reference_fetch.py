"""Images that lie in S3: fetched, decoded and verified for the consumer, a few at a time."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import (
    ObjectStoreNotConfigured,
    ReassemblyOverflow,
    UnsupportedFormat,
)
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.binary_serializer import decode_block
from wildfire_bench.streaming.envelope.digest import check_digest
from wildfire_bench.streaming.model import ObjectLocation
from wildfire_bench.streaming.receiving.consumer_thread import ConsumerThread
from wildfire_bench.streaming.receiving.image_buffer import ImageBuffer
from wildfire_bench.streaming.receiving.inbound import InboundImage
from wildfire_bench.streaming.stac.item import CatalogueEntry

if TYPE_CHECKING:
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

__all__ = ["ReferenceFetch", "download_into"]

PARALLEL_DOWNLOADS = 2
ROOM_POLL_S = 0.1
"""How often a download that waits for room looks for it."""


class ReferenceFetch:
    """Runs in the consumer's event loop; results go back to the consumer's thread."""

    def __init__(self, settings: Settings, thread: ConsumerThread) -> None:
        self._thread = thread
        self.store: S3ReferenceHandler | None = None
        """The object store, if there is one."""
        if settings.s3.configured:
            from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

            self.store = S3ReferenceHandler(settings.s3)
        self._turns = asyncio.Semaphore(PARALLEL_DOWNLOADS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect, if there is an object store."""
        if self.store is not None:
            await self.store.start()

    async def stop(self) -> None:
        """End what is under way; it comes again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.store is not None:
            await self.store.stop()

    def begin(self, image: InboundImage, entry: CatalogueEntry) -> None:
        """Fetch an image in the background."""
        task = asyncio.get_running_loop().create_task(self._fetch(image, entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, image: InboundImage, entry: CatalogueEntry) -> None:
        async with self._turns:
            if image.gone:
                return
            started = time.perf_counter()
            try:
                buffer = await self._allocate(image)
                image.release = buffer.release
                await self._read(image, entry, buffer)
            except Exception as error:  # noqa: BLE001 - handed to the thread, whatever it is
                self._thread.call(partial(self._thread.downloaded, image, error))
                return
            image.seconds["download"] = time.perf_counter() - started
            data = buffer.view.toreadonly()
            self._thread.call(partial(self._thread.downloaded, image, data))

    async def _read(self, image: InboundImage, entry: CatalogueEntry, buffer: ImageBuffer) -> None:
        location = entry.location
        if not isinstance(location, ObjectLocation):
            msg = f"catalogue entry of {entry.identity.image_id} names no object"
            raise UnsupportedFormat(msg)
        if self.store is None:
            msg = (
                f"image {entry.identity.image_id} lies in {location.uri} and no object store is "
                "configured: set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY, then replay it"
            )
            raise ObjectStoreNotConfigured(msg)
        await download_into(self.store, location, entry.codec, buffer.view)
        identity = image.envelope.identity
        loop = asyncio.get_running_loop()
        what = f"image {identity.image_id}"
        await loop.run_in_executor(None, check_digest, buffer.view, identity.digest, what)

    async def _allocate(self, image: InboundImage) -> ImageBuffer:
        """Wait for room, which every acknowledged image gives back, as long as chunks may wait."""
        budget = self._thread.intake.reassembly.budget
        waiting_s = self._thread.settings.kafka_consumer.reassembly_timeout_s
        deadline = time.monotonic() + waiting_s
        while (buffer := budget.allocate(image.size_bytes)) is None:
            if image.gone or time.monotonic() > deadline or not budget.could_hold(image.size_bytes):
                msg = (
                    f"no room for image {image.envelope.identity.image_id} of "
                    f"{image.size_bytes:,} bytes: raise kafka_consumer.memory_bytes or "
                    "spill_bytes, or free disk space"
                )
                raise ReassemblyOverflow(msg)
            await asyncio.sleep(ROOM_POLL_S)
        return buffer


async def download_into(
    store: S3ReferenceHandler, location: ObjectLocation, codec: str, out: memoryview
) -> None:
    """Fetch an object block by block and decode each into its place.

    Raises
    ------
    ObjectMissing, ObjectStoreUnavailable
        If it cannot be had.
    CorruptPayload, DigestMismatch
        If a block is not what was sent.
    """

    def place(index: int, offset_bytes: int, payload: Buffer) -> None:
        _, size, digest = location.blocks[index]
        part = out[offset_bytes : offset_bytes + size]
        decode_block(codec, payload, part, digest, f"block {index} of {location.uri}")

    await store.download(location, place)
