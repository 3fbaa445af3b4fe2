"""Topics of the test's own on the session's stack, and images to send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest

from wildfire_bench import KafkaDataProducer, SatelliteImage, SatelliteImageConsumer
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs

RECEIVE_TIMEOUT_S = 30.0


def picture(size_bytes: int, seed: int = 0) -> bytes:
    """Reproducible bytes that compress like an image, a little."""
    return np.random.default_rng(seed).integers(0, 64, size_bytes, dtype=np.uint8).tobytes()


async def receive(images: SatelliteImageConsumer, count: int = 1) -> list[SatelliteImage]:
    """The next images, each acknowledged by the turn after it; fails after a deadline."""
    return [await asyncio.wait_for(anext(images), RECEIVE_TIMEOUT_S) for _ in range(count)]


@pytest.fixture
def secrets_kept(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Fail a test in which a secret, which all have `marker` in them, is logged or printed."""
    caplog.set_level(logging.DEBUG)
    yield
    told = [record.getMessage() + str(record.exc_info) for record in caplog.get_records("call")]
    assert [each for each in (*told, *capfd.readouterr()) if "marker" in each] == []


@pytest.fixture
def topics(settings: Settings) -> Settings:
    """Settings whose topics exist."""
    ensure_topics(open_admin(settings), topic_specs(settings))
    return settings


@pytest.fixture
async def producer(topics: Settings) -> AsyncIterator[KafkaDataProducer]:
    """A running producer."""
    async with KafkaDataProducer(settings=topics) as running:
        yield running


@pytest.fixture
def consumer(topics: Settings) -> Callable[..., SatelliteImageConsumer]:
    """Makes consumers of one group of the test's own, not started."""

    def make(**options: object) -> SatelliteImageConsumer:
        group = {"group_id": f"{topics.topic_prefix}group", "settings": topics}
        return SatelliteImageConsumer(**(group | options))  # type: ignore[arg-type]

    return make
