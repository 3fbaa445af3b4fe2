"""An image that was sent before, sent to those who have it already: with other metadata."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.streaming.conftest import picture, receive
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.catalogue import find_entry
from wildfire_bench.streaming.model import Renewal, Route

pytestmark = pytest.mark.integration

EARLIER, NEWER = {"sensor": "OLI"}, {"sensor": "OLI-2"}
MakeConsumer = Callable[..., SatelliteImageConsumer]


@pytest.fixture(params=list(Route), ids=str)
def by_route(request: pytest.FixtureRequest, topics: Settings) -> Settings:
    """Settings by which an image of 200,000 bytes takes a given route."""
    most = {Route.CHUNKED: (100_000, 500_000), Route.REFERENCE: (50_000, 100_000)}
    direct, chunked = most.get(request.param, (500_000, 500_000))
    limits = {"direct_max_bytes": direct, "chunked_max_bytes": chunked, "chunk_bytes": 100_000}
    binary = {"enable_binary_serialization": request.param is not Route.JSON}
    return topics.model_copy(
        update={
            "routing": topics.routing.model_copy(update=limits),
            "kafka_producer": topics.kafka_producer.model_copy(update=binary),
        }
    )


async def test_a_renewal_is_delivered_once_to_those_who_had_the_image(
    by_route: Settings, consumer: MakeConsumer, request: pytest.FixtureRequest
) -> None:
    image = picture(200_000)
    async with KafkaDataProducer(settings=by_route) as producer, consumer() as images:
        first = await producer.send_satellite_image(image, EARLIER, "s")
        assert first.route is request.node.callspec.params["by_route"]
        (had,) = await receive(images)
        for token in ("one", "one", "two"):
            renewal = Renewal(first.image_id, token)
            await producer.send_satellite_image(image, {**NEWER, "n": token}, "s", renewal=renewal)
        renewed = await receive(images, 2)
    assert (had.metadata, had.redelivered) == (EARLIER, False)
    assert [each.metadata["n"] for each in renewed] == ["one", "two"]
    assert all((each.image_id, each.data) == (had.image_id, image) for each in renewed)
    assert all(each.redelivered for each in renewed)


async def test_the_catalogue_gives_the_newest_metadata_of_an_image(
    topics: Settings, producer: KafkaDataProducer
) -> None:
    image = picture(1_000)
    receipt = await producer.send_satellite_image(image, EARLIER, "s")
    renewal = Renewal(receipt.image_id, "one")
    await producer.send_satellite_image(image, NEWER, "s", renewal=renewal)
    entry = await asyncio.to_thread(find_entry, receipt.image_id, topics)
    assert entry.metadata == NEWER


async def test_a_resend_with_other_metadata_and_no_renewal_is_passed_over(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    image = picture(1_000)
    async with consumer() as images:
        first = await producer.send_satellite_image(image, EARLIER, "s")
        await receive(images)
        await producer.send_satellite_image(image, {"n": "passed over"}, "s")
        renewal = Renewal(first.image_id, "one")
        await producer.send_satellite_image(image, NEWER, "s", renewal=renewal)
        (found,) = await receive(images)
    assert found.metadata == NEWER


async def test_a_renewal_of_what_became_another_image_is_an_ordinary_send(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    image, dated = picture(1_000), {"timestamp": "2025-10-13T10:00:00Z"}
    async with consumer() as images:
        first = await producer.send_satellite_image(image, EARLIER, "s")
        await receive(images)
        renewal = Renewal(first.image_id, "one")
        second = await producer.send_satellite_image(image, dated, "s", renewal=renewal)
        (found,) = await receive(images)
    assert (found.image_id, found.redelivered) == (second.image_id, False)
    assert second.image_id != first.image_id
