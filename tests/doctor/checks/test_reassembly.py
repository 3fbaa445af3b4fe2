import asyncio
import time

import pytest

from tests.doctor.examining import finding
from tests.streaming.conftest import picture
from tests.streaming.raw_records import CHUNK_BYTES, chunks_of, put
from wildfire_bench import SatelliteImageConsumer
from wildfire_bench.doctor import Severity

pytestmark = pytest.mark.integration

DEADLINE_S = 30.0


@pytest.fixture
async def half_read(settings, topics):
    """Of an image of four chunks two are there, and a consumer has read them and gone."""
    chunks = await chunks_of(settings, picture(4 * CHUNK_BYTES))
    put(settings, topics.chunks, chunks[:2])
    consumer = SatelliteImageConsumer(group_id=f"{settings.topic_prefix}g", settings=settings)
    async with consumer:
        deadline = time.monotonic() + DEADLINE_S
        while not (images := consumer.status().images) or images[0].received < 2:
            assert time.monotonic() < deadline, f"seen: {images}"
            await asyncio.sleep(0.02)
    return settings, topics, chunks


async def examined(settings, **options):
    return await asyncio.to_thread(finding, "reassembly.stuck", settings, **options)


async def test_an_image_that_waits_too_long_is_told_with_what_is_there(half_read):
    settings, *_ = half_read
    found = await examined(settings, clock=lambda: time.time() + 900)
    assert found.severity is Severity.WARN
    assert "2 of 4 chunks there, for 15 min" in found.details[0]
    assert f"--group {settings.topic_prefix}g" in found.remedy


async def test_an_image_that_is_still_in_time_is_fine(half_read):
    found = await examined(half_read[0])
    assert (found.severity, "1 image incomplete" in found.text) == (Severity.OK, True)


async def test_once_the_missing_chunks_are_there_nobody_waits(half_read):
    settings, topics, chunks = half_read
    put(settings, topics.chunks, chunks[2:])
    assert (await examined(settings)).text == "no group waits for chunks"
