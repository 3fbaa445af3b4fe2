from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.streaming.conftest import picture, receive
from tests.streaming.test_delivery import letters, with_limits
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer, browse, fetch
from wildfire_bench.errors import (
    CorruptEnvelope,
    InputError,
    ObjectStoreNotConfigured,
    RecordMissing,
    TopicMissing,
)
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.model import ObjectLocation, RecordPlace, Route
from wildfire_bench.streaming.receiving import consumer_thread, record_reader, reference_fetch
from wildfire_bench.streaming.receiving.command_queue import CommandQueue
from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

pytestmark = pytest.mark.integration

MakeConsumer = Callable[..., SatelliteImageConsumer]
FOR_EVER_S = 600.0
METADATA = {"timestamp": "2025-10-13T10:00:00Z", "satellite": "Landsat-8", "odd": [1, None, "ä"]}


@pytest.fixture
def small(topics: Settings) -> Settings:
    """Thresholds so low that 1, 100 and 400 kB take the three routes."""
    routing = topics.routing.model_copy(
        update={"direct_max_bytes": 10_000, "chunked_max_bytes": 200_000, "chunk_bytes": 65_536}
    )
    return topics.model_copy(update={"routing": routing})


async def test_every_route_is_catalogued_and_fetched_without_reading_its_topics(
    small: Settings,
) -> None:
    images = {Route.DIRECT: picture(1000), Route.CHUNKED: picture(100_000)}
    images[Route.REFERENCE] = picture(400_000)
    async with KafkaDataProducer(settings=small) as producer:
        for route, image in images.items():
            receipt = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
            assert receipt.route is route
    entries = await asyncio.to_thread(lambda: list(browse(small)))
    found = [await fetch(entry, settings=small) for entry in entries]
    assert {image.route: bytes(image.data) for image in found} == images
    assert all(image.metadata == METADATA for image in found)


async def test_a_reference_arrives_like_any_image_and_once(
    small: Settings, consumer: MakeConsumer
) -> None:
    image = picture(400_000)
    async with KafkaDataProducer(settings=small) as producer, consumer(settings=small) as images:
        receipt = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
        (found,) = await receive(images)
        assert found.data == image
        assert (found.route, found.metadata) == (Route.REFERENCE, METADATA)
        assert receipt.dataref is not None
        await producer.send_satellite_image(image, METADATA, "landsat_nrt")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(images), 1.0)


async def test_an_object_that_is_gone_ends_in_a_dead_letter_that_names_it(
    small: Settings, consumer: MakeConsumer
) -> None:
    async with KafkaDataProducer(settings=small) as producer:
        await producer.send_satellite_image(picture(400_000), METADATA, "landsat_nrt")
    (entry,) = await asyncio.to_thread(lambda: list(browse(small)))
    assert isinstance(entry.location, ObjectLocation)
    await remove(small.s3, entry.location)
    async with consumer(settings=small):
        (letter,) = await letters(small, 1)
    assert letter.error == "ObjectMissing"
    assert entry.location.key in letter.reason


async def test_a_consumer_without_an_object_store_says_what_to_set(
    small: Settings, consumer: MakeConsumer
) -> None:
    async with KafkaDataProducer(settings=small) as producer:
        await producer.send_satellite_image(picture(400_000), METADATA, "landsat_nrt")
    blind = small.model_copy(update={"s3": S3Settings()})
    async with consumer(settings=blind):
        (letter,) = await letters(small, 1)
    assert letter.error == "ObjectStoreNotConfigured"
    (entry,) = await asyncio.to_thread(lambda: list(browse(small)))
    with pytest.raises(ObjectStoreNotConfigured, match="S3_ENDPOINT"):
        await fetch(entry, settings=blind)


async def test_without_an_object_store_large_images_are_refused_and_others_go(
    small: Settings,
) -> None:
    blind = small.model_copy(update={"s3": S3Settings()})
    async with KafkaDataProducer(settings=blind) as producer:
        with pytest.raises(ObjectStoreNotConfigured, match="S3_ENDPOINT"):
            await producer.send_satellite_image(picture(400_000))
        assert (await producer.send_satellite_image(picture(100_000))).route is Route.CHUNKED


async def test_a_record_that_is_not_kept_any_more_is_named(small: Settings) -> None:
    async with KafkaDataProducer(settings=small) as producer:
        await producer.send_satellite_image(picture(1000))
    (entry,) = await asyncio.to_thread(lambda: list(browse(small)))
    assert isinstance(entry.location, tuple)
    place = entry.location[0]
    gone = replace(entry, location=(RecordPlace(place.topic, place.partition, 999),))
    with pytest.raises(RecordMissing, match=f"{place.topic}/{place.partition}/999"):
        await fetch(gone, settings=small)


async def test_a_catalogue_or_dead_letters_without_a_topic_say_how_to_make_it(
    settings: Settings,
) -> None:
    for read in (browse, dead_letters):
        with pytest.raises(TopicMissing, match="topics create"):
            await asyncio.to_thread(lambda read=read: list(read(settings)))


async def remove(s3: S3Settings, location: ObjectLocation) -> None:
    """Delete an object behind the catalogue's back."""
    async with S3ReferenceHandler(s3) as store:
        client = store._client
        assert client is not None
        await asyncio.to_thread(client.remove_object, location.bucket, location.key)


async def test_a_download_waits_for_room_and_one_that_never_fits_is_named(
    small: Settings, consumer: MakeConsumer
) -> None:
    images = [picture(400_000, seed) for seed in range(3)]
    async with KafkaDataProducer(settings=small) as producer:
        for image in images:
            await producer.send_satellite_image(image)
    one_at_a_time = with_limits(small, memory_bytes=500_000, spill_bytes=1)
    async with consumer(settings=one_at_a_time) as received:
        found = await receive(received, 3)
    assert sorted(bytes(image.data) for image in found) == sorted(images)
    none_at_all = with_limits(small, memory_bytes=300_000, spill_bytes=1)
    async with consumer(settings=none_at_all, group_id=f"{small.topic_prefix}other"):
        refused = await letters(small, 3)
    assert {letter.error for letter in refused} == {"ReassemblyOverflow"}


async def test_the_end_of_a_slow_download_wakes_the_consumer(
    small: Settings, consumer: MakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, download_into = CommandQueue.run, reference_fetch.download_into
    rests = asyncio.Event()
    loop = asyncio.get_running_loop()

    def noted(commands: CommandQueue, timeout_s: float = 0.0) -> None:
        if timeout_s == FOR_EVER_S:
            loop.call_soon_threadsafe(rests.set)
        run(commands, timeout_s)

    async def slow(*arguments: Any) -> None:
        await rests.wait()
        await download_into(*arguments)

    monkeypatch.setattr(CommandQueue, "run", noted)
    monkeypatch.setattr(reference_fetch, "download_into", slow)
    monkeypatch.setattr(consumer_thread, "_HELD_POLL_S", FOR_EVER_S)
    image = picture(400_000)
    async with KafkaDataProducer(settings=small) as producer, consumer(settings=small) as images:
        await producer.send_satellite_image(image)
        (found,) = await receive(images)
        await found.ack()
    assert found.data == image


async def test_an_entry_that_lies_about_the_size_of_its_image_is_an_error(
    topics: Settings,
) -> None:
    rollback = topics.kafka_producer.model_copy(update={"enable_binary_serialization": False})
    settings = topics.model_copy(update={"kafka_producer": rollback})
    async with KafkaDataProducer(settings=settings) as producer:
        await producer.send_satellite_image(picture(1_000), METADATA, "landsat_nrt")
    (entry,) = await asyncio.to_thread(lambda: list(browse(topics)))
    lie = replace(entry, identity=replace(entry.identity, size_bytes=1_001))
    with pytest.raises(CorruptEnvelope, match="holds another image"):
        await fetch(lie, settings=topics)


@pytest.mark.parametrize("moved", [{"partition": 99}, {"topic": "nowhere"}], ids=str)
async def test_a_record_of_a_partition_that_does_not_exist_is_missing_at_once(
    producer: KafkaDataProducer, topics: Settings, moved: dict[str, object], monkeypatch
) -> None:
    monkeypatch.setattr(record_reader, "READ_TIMEOUT_S", 10.0)  # librdkafka finds out after 30
    await producer.send_satellite_image(picture(1000), METADATA, "landsat_nrt")
    (entry,) = await asyncio.to_thread(list, browse(topics))
    assert not isinstance(entry.location, ObjectLocation)
    elsewhere = replace(entry, location=(replace(entry.location[0], **moved),))
    with pytest.raises(RecordMissing, match="has no partition"):
        await fetch(elsewhere, settings=topics)


async def test_an_entry_that_takes_a_whole_image_for_a_chunk_is_an_error(
    producer: KafkaDataProducer, topics: Settings
) -> None:
    await producer.send_satellite_image(picture(1000), METADATA, "landsat_nrt")
    (entry,) = await asyncio.to_thread(list, browse(topics))
    with pytest.raises(CorruptEnvelope, match="is no chunk"):
        await fetch(replace(entry, route=Route.CHUNKED), settings=topics)


async def test_what_is_no_entry_is_refused() -> None:
    with pytest.raises(InputError, match="bytes of a STAC Item"):
        await fetch("{}", settings=Settings())  # type: ignore[arg-type]
