"""What `topics describe` tells of a change over, from the records themselves."""

import asyncio

import pytest

from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer
from wildfire_bench.settings import RoutingSettings, Settings
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.receiving.flowing_forms import (
    NEWEST_PER_PARTITION,
    FlowingForm,
    flowing_forms,
    forms_of,
)
from wildfire_bench.streaming.receiving.record_reader import StoredRecord
from wildfire_bench.streaming.topics import topic_names

SMALL = RoutingSettings(direct_max_bytes=100_000, chunked_max_bytes=300_000, chunk_bytes=65_536)


def foreign(time_ms: int) -> StoredRecord:
    return StoredRecord(RecordPlace("t", 0, 0), b"k", b"v", (("x", b"y"),), time_ms)


def test_a_record_of_others_is_foreign():
    assert forms_of([foreign(0), foreign(1_500)]) == (
        FlowingForm("foreign", None, 2, 1.0, "1970-01-01T00:00:01.500Z"),
    )


def test_a_topic_without_records_has_no_forms():
    assert forms_of([]) == ()


async def send(settings: Settings, *sizes_bytes: int) -> None:
    async with KafkaDataProducer(settings=settings) as producer:
        for seed, size_bytes in enumerate(sizes_bytes):
            await producer.send_satellite_image(picture(size_bytes, seed), {}, "s")


def rolled_back(settings: Settings) -> Settings:
    back = {"enable_binary_serialization": False, "compression_type": "gzip"}
    producer = settings.kafka_producer.model_copy(update=back)
    return settings.model_copy(update={"kafka_producer": producer})


@pytest.mark.integration
async def test_each_route_shows_in_its_topic_with_the_codec(topics: Settings) -> None:
    settings = topics.model_copy(update={"routing": SMALL})
    await send(settings, 50_000, 200_000, 400_000)
    await send(rolled_back(settings), 9_000)

    found = await asyncio.to_thread(flowing_forms, settings)

    names = topic_names(settings)
    forms = {
        topic: {(each.form, each.codec) for each in flowing or ()}
        for topic, flowing in found.items()
    }
    assert forms[names.binary] == {("direct", "zstd")}
    assert forms[names.chunks] == {("chunked", "zstd")}
    assert forms[names.metadata] == {
        ("item", "zstd"),
        ("item", "base64-json"),
        ("reference", "zstd"),
    }
    assert {form for form, _ in forms[names.json]} == {"json"}


@pytest.mark.integration
async def test_the_newest_records_count_and_no_more_than_a_few_of_each_partition(
    topics: Settings,
) -> None:
    await send(topics, *[5_000] * 60)
    found = await asyncio.to_thread(flowing_forms, topics)
    (form,) = found[topic_names(topics).binary] or ()
    assert form.records <= 8 * NEWEST_PER_PARTITION < 60
