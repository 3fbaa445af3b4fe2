from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.streaming.conftest import RECEIVE_TIMEOUT_S, picture, receive
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import NotRunning, TopicMissing
from wildfire_bench.settings import ConsumerSettings, Settings
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.receiving_tally import ReceivingSnapshot

pytestmark = pytest.mark.integration

METADATA = {
    "timestamp": "2025-10-13T10:00:00Z",
    "satellite": "Landsat-8",
    "location": {"lat": 39.7596, "lon": -121.6219},
    "sensor": "OLI",
    "resolution_m": 30,
}
MakeConsumer = Callable[..., SatelliteImageConsumer]


@pytest.mark.parametrize(
    ("size_bytes", "route"),
    [
        (1, Route.DIRECT),
        (1_000_000, Route.DIRECT),
        (20_000_000, Route.DIRECT),
        (20_000_001, Route.CHUNKED),
    ],
)
async def test_an_image_arrives_byte_for_byte_with_its_metadata(
    producer: KafkaDataProducer, consumer: MakeConsumer, size_bytes: int, route: Route
) -> None:
    image = picture(size_bytes)
    receipt = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
    async with consumer() as images:
        (found,) = await receive(images)
        assert (found.route, receipt.route) == (route, route)
        assert found.data == image
        assert found.metadata == METADATA
        assert found.identity == receipt.identity
        assert found.places == receipt.places
        assert not found.redelivered


async def test_metadata_that_changes_during_a_send_arrives_as_it_was_given(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    metadata = {"location": {"lat": 39.7596}}
    sending = asyncio.create_task(producer.send_satellite_image(picture(1_000), metadata, "s"))
    await asyncio.sleep(0)
    metadata["location"]["lat"] = 0.0
    await sending
    async with consumer() as images:
        (found,) = await receive(images)
    assert found.metadata == {"location": {"lat": 39.7596}}


async def test_every_stage_of_receiving_an_image_is_counted(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    await producer.send_satellite_image(picture(20_000_001), METADATA, "landsat_nrt")
    async with consumer() as images:
        (found,) = await receive(images)
        (received,) = [each for each in images.snapshots() if isinstance(each, ReceivingSnapshot)]
    counted = {stage: counts.sum_s for stage, counts in received.seconds.items() if counts.total}
    assert counted == pytest.approx(dict(found.seconds))


async def test_the_rollback_to_json_arrives_at_the_same_consumer(
    topics: Settings, consumer: MakeConsumer
) -> None:
    rollback = topics.kafka_producer.model_copy(
        update={"enable_binary_serialization": False, "compression_type": "gzip"}
    )
    settings = topics.model_copy(update={"kafka_producer": rollback})
    image = picture(100_000)
    async with KafkaDataProducer(settings=settings) as producer, consumer() as images:
        receipt = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
        (found,) = await receive(images)
        assert (found.route, receipt.route) == (Route.JSON, Route.JSON)
        assert found.data == image
        assert found.metadata == METADATA


async def test_paths_files_pipes_and_views_all_send(
    producer: KafkaDataProducer, consumer: MakeConsumer, tmp_path: Path
) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    image = picture(200_000)
    path = tmp_path / "scene.tif"
    path.write_bytes(image)
    sources = [image, memoryview(image), path, str(path), io.BytesIO(image), Pipe(image)]
    ids = {
        (await producer.send_satellite_image(source, {"n": n}, f"source-{n}")).image_id
        for n, source in enumerate(sources)
    }
    async with consumer() as images:
        found = await receive(images, len(sources))
        assert {one.image_id for one in found} == ids
        assert all(one.data == image for one in found)


async def test_a_resend_is_the_same_image_and_comes_once(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    image, other = picture(50_000, 1), picture(50_000, 2)
    async with consumer() as images:
        first = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
        await receive(images)
        again = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
        await producer.send_satellite_image(other, METADATA, "landsat_nrt")
        assert again.image_id == first.image_id
        (found,) = await receive(images)
        assert found.data == other


async def test_acknowledged_images_do_not_come_again_and_others_do_marked(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    sent = [
        (await producer.send_satellite_image(picture(1000, n), METADATA, "s")).image_id
        for n in range(4)
    ]
    async with consumer() as images:
        done = await receive(images, 2)
        await done[1].ack()
        (in_hand,) = await receive(images)
    async with consumer() as images:
        rest = await receive(images, 2)
    seen = {one.image_id for one in done} | {one.image_id for one in rest}
    assert seen == set(sent)
    assert {one.image_id: one.redelivered for one in rest}[in_hand.image_id]
    assert sum(one.redelivered for one in rest) == 1


async def test_an_exception_in_the_loop_leaves_the_image_unacknowledged(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    sent = await producer.send_satellite_image(picture(1000), METADATA, "s")

    async def fail_at_the_first() -> None:
        async with consumer() as images:
            async for _ in images:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_at_the_first()
    async with consumer() as images:
        (found,) = await receive(images)
        assert found.image_id == sent.image_id
        assert found.redelivered


async def test_several_images_may_be_in_hand_and_acknowledged_in_any_order(
    topics: Settings, producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    three = ConsumerSettings(max_unacknowledged=3)
    settings = topics.model_copy(update={"kafka_consumer": three})
    for n in range(4):
        await producer.send_satellite_image(picture(1000, n), METADATA, "s")
    async with consumer(settings=settings, acknowledge="manual") as images:
        in_hand = await receive(images, 3)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(images), 0.5)
        await in_hand[2].ack()
        await receive(images)
    async with consumer() as images:
        again = await receive(images, 3)
        assert in_hand[2].image_id not in {one.image_id for one in again}


async def test_the_group_shares_images_and_a_member_that_leaves_loses_none(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    sent = {
        (await producer.send_satellite_image(picture(1000, n), METADATA, "s")).image_id
        for n in range(12)
    }
    seen: set[str] = set()
    async with consumer() as first:
        seen |= {one.image_id for one in await receive(first, 3)}
        async with consumer() as second:
            for n in range(12, 24):
                receipt = await producer.send_satellite_image(picture(1000, n), METADATA, "s")
                sent.add(receipt.image_id)

            async def read(images: SatelliteImageConsumer) -> None:
                while seen != sent:
                    found = await anext(images)
                    await found.ack()
                    seen.add(found.image_id)

            readers = [asyncio.create_task(read(images)) for images in (first, second)]
            await asyncio.wait(readers, timeout=40, return_when=asyncio.FIRST_COMPLETED)
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
    assert seen == sent


async def test_starting_without_topics_says_how_to_make_them(settings: Settings) -> None:
    with pytest.raises(TopicMissing, match="topics create"):
        await SatelliteImageConsumer(settings=settings, group_id="g").start()


async def test_a_consumer_that_is_not_running_says_so(settings: Settings) -> None:
    with pytest.raises(NotRunning, match="start"):
        await anext(SatelliteImageConsumer(settings=settings, group_id="g"))


async def test_all_who_wait_for_an_image_end_when_the_consumer_stops(
    consumer: MakeConsumer,
) -> None:
    async with consumer(acknowledge="manual") as images:

        async def work() -> int:
            return len([image async for image in images])

        workers = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0)
    async with asyncio.timeout(RECEIVE_TIMEOUT_S):
        assert await asyncio.gather(*workers) == [0, 0, 0]
