"""Every route, format and codec through real brokers, compared byte for byte.

The guide's section 5 tests with a script that does not exist; this is what it would have to do.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

import numpy as np
from confluent_kafka import KafkaException

from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.verify.cases import VerifyCase, boundary_cases, matrix_cases
from wildfire_bench.compression import Buffer
from wildfire_bench.errors import IncompleteImage, WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.model import Receipt, Route
from wildfire_bench.streaming.object_store.s3_client import connect_s3, object_store_errors
from wildfire_bench.streaming.satellite_image import SatelliteImage

__all__ = [
    "VerifyReport",
    "VerifyRow",
    "own_topics",
    "remove_group",
    "remove_objects",
    "verify",
]

ARRIVAL_TIMEOUT_S = 60.0
"""How long an acknowledged image may take to be handed over."""
ADMIN_TIMEOUT_S = 30.0
_LOOK_INTERVAL_S = 3.0
"""How often the dead letters are asked for an image that does not come."""


@dataclass(frozen=True, slots=True)
class VerifyRow:
    """One image that was sent and received."""

    route: Route
    format: str
    codec: str
    size_bytes: int
    identical: bool
    """Bytes, metadata, media type and route are all those of what was sent."""
    seconds: float
    """From the call of the sender to the verified image in the receiver's hands."""
    case: str
    """``matrix``, or the threshold that the size tries, such as ``direct_max_bytes + 1``."""
    error: str | None = None
    """What differs, or why it did not arrive."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All that was tried."""

    rows: tuple[VerifyRow, ...]
    not_tried: tuple[str, ...]
    """What could not be tried here, and why."""
    seconds: float

    @property
    def identical(self) -> bool:
        """Whether something was tried, and all of it arrived as it was sent."""
        return bool(self.rows) and all(row.identical for row in self.rows)


Told = Callable[[int, int, VerifyRow], None]
"""Called with the number of rows done, their total, and the last one."""


async def verify(
    settings: Settings, *, boundaries: bool = True, progress: Told | None = None
) -> VerifyReport:
    """Send and receive every route x format x codec, and both sides of each threshold.

    Parameters
    ----------
    settings
        Brokers and object store to try. Topics with a prefix of their own are made and removed;
        objects are removed as well. Thresholds are lowered so that small images take each route.
    boundaries
        Whether to send images as large as the thresholds in force, and one byte more, too.
    progress
        Told after each image.

    Raises
    ------
    WildfireBenchError
        If nothing can be tried: no broker answers, topics cannot be made, a sample is missing.
    """
    started = time.perf_counter()
    prefix = f"{settings.topic_prefix[:40]}verify-{uuid.uuid4().hex[:8]}-"
    settings = settings.model_copy(update={"topic_prefix": prefix})
    cases, not_tried = await asyncio.to_thread(matrix_cases, settings)
    if boundaries:
        more, not_tried_either = boundary_cases(settings)
        cases, not_tried = (*cases, *more), (*not_tried, *not_tried_either)
    rows: list[VerifyRow] = []
    receipts: list[Receipt] = []
    async with own_topics(settings), _consumer(settings) as images:
        try:
            for sending, group in groupby(cases, lambda case: case.settings):
                async with KafkaDataProducer(settings=sending) as producer:
                    for case in group:
                        row, receipt = await _try(case, producer, images, settings)
                        rows.append(row)
                        receipts += [receipt] if receipt else []
                        if progress:
                            progress(len(rows), len(cases), row)
        finally:
            datarefs = [each.dataref for each in receipts if each.dataref]
            await asyncio.to_thread(remove_objects, settings, datarefs)
    return VerifyReport(tuple(rows), not_tried, time.perf_counter() - started)


@asynccontextmanager
async def own_topics(settings: Settings) -> AsyncIterator[None]:
    """Topics of this run alone; made and removed in a thread."""
    kept = run_topics([settings])
    making = asyncio.create_task(asyncio.to_thread(kept.__enter__))
    try:
        await asyncio.shield(making)
        yield
    finally:
        await asyncio.wait([making])  # interrupted, the thread makes them all the same
        await asyncio.to_thread(kept.__exit__, None, None, None)


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[SatelliteImageConsumer]:
    """A consumer of every route, in a group of this run alone."""
    group_id = f"{settings.topic_prefix}group"
    consumer = SatelliteImageConsumer(group_id=group_id, settings=settings)
    try:
        async with consumer as images:
            yield images
    finally:
        await asyncio.to_thread(remove_group, settings, group_id)


async def _try(
    case: VerifyCase,
    producer: KafkaDataProducer,
    images: SatelliteImageConsumer,
    settings: Settings,
) -> tuple[VerifyRow, Receipt | None]:
    """Send one image and wait for it."""
    image = await asyncio.to_thread(case.image)
    source_id = f"verify-{case.route}-{case.format}-{case.codec}-{case.case}"
    started = time.perf_counter()
    receipt: Receipt | None = None
    try:
        receipt = await producer.send_satellite_image(image, case.metadata, source_id)
        found = await _arrival(receipt, images, settings)
        seconds = time.perf_counter() - started
        error = _difference(case, image, receipt, found)
    except WildfireBenchError as failure:
        seconds = time.perf_counter() - started
        error = f"{type(failure).__name__}: {failure}"
    row = VerifyRow(
        route=case.route,
        format=case.format,
        codec=case.codec,
        size_bytes=memoryview(image).nbytes,
        identical=error is None,
        seconds=seconds,
        case=case.case,
        error=error,
    )
    return row, receipt


async def _arrival(
    receipt: Receipt, images: SatelliteImageConsumer, settings: Settings
) -> SatelliteImage:
    """Wait for an image, and look for it in the dead letters while it does not come."""
    deadline = time.monotonic() + ARRIVAL_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            async with asyncio.timeout(_LOOK_INTERVAL_S):
                found = await anext(images)
        except TimeoutError:
            await asyncio.to_thread(_raise_if_dead, settings, receipt.image_id)
            continue
        if found.image_id == receipt.image_id:
            return found
    msg = f"{receipt.image_id} did not arrive within {ARRIVAL_TIMEOUT_S:g} s"
    raise IncompleteImage(msg, image_id=receipt.image_id, missing=())


def _raise_if_dead(settings: Settings, image_id: str) -> None:
    for letter in dead_letters(settings):
        if letter.image_id == image_id:
            msg = f"it went to the dead letters ({letter.error}): {letter.reason}"
            raise IncompleteImage(msg, image_id=image_id, missing=letter.missing)


def _difference(
    case: VerifyCase, image: Buffer, receipt: Receipt, found: SatelliteImage
) -> str | None:
    """Say what is not as it was sent; None when all is."""
    if (receipt.route, found.route) != (case.route, case.route):
        return f"it was sent {receipt.route} and received {found.route}: {receipt.reason}"
    sent, received = np.frombuffer(memoryview(image), np.uint8), np.frombuffer(found.data, np.uint8)
    if sent.size != received.size:
        return f"{received.size:,} bytes were received, {sent.size:,} sent"
    if not np.array_equal(sent, received):
        return f"the bytes differ from offset {int(np.argmax(sent != received)):,} on"
    if dict(found.metadata) != dict(case.metadata):
        return "the metadata differ"
    if found.identity.media_type != case.media_type:
        return f"it was taken for {found.identity.media_type}, but is {case.media_type}"
    return None


def remove_objects(settings: Settings, datarefs: Sequence[str]) -> None:
    """Remove the objects of this run; other objects of the bucket are not touched."""
    keys = [urlsplit(each).path.removeprefix("/") for each in datarefs]
    if not keys:
        return
    client = connect_s3(settings.s3, 1)
    try:
        for key in keys:
            with object_store_errors(settings.s3, settings.s3.bucket, key, "s3:DeleteObject"):
                client.remove_object(settings.s3.bucket, key)
    finally:
        client.close()


def remove_group(settings: Settings, group_id: str) -> None:
    """Remove the committed offsets; what fails here expires by itself."""
    admin = open_admin(settings)  # named: its answers stop with its last reference
    with suppress(KafkaException, TimeoutError):
        listed = admin.list_consumer_groups(request_timeout=ADMIN_TIMEOUT_S)
        # Where there has never been a group, librdkafka waits in vain for one's coordinator.
        if group_id in {each.group_id for each in listed.result(ADMIN_TIMEOUT_S).valid}:
            for done in admin.delete_consumer_groups([group_id]).values():
                done.exception(ADMIN_TIMEOUT_S)
