from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.streaming.conftest import picture
from tests.streaming.examples import ALERT, DETECTION, EXAMPLES, READING, reading
from wildfire_bench import KafkaDataProducer
from wildfire_bench.bench.storage_probe import segment_bytes
from wildfire_bench.errors import (
    DeliveryFailed,
    InputError,
    NotRunning,
    RecordInvalid,
    TopicMissing,
)
from wildfire_bench.settings import DataType, ProducerSettings, Settings
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.receiving.record_reader import StoredRecord, read_partition
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

LANE_PARTITIONS = {DataType.CRITICAL_ALERTS: 1}


def stored(settings: Settings, data_type: DataType) -> list[StoredRecord]:
    """Everything on the topic of a lane, partition by partition."""
    topic = topic_names(settings).lanes[data_type]
    partitions = range(LANE_PARTITIONS.get(data_type, 4))
    return [record for each in partitions for record in read_partition(settings, topic, each)]


@pytest.mark.parametrize("data_type", list(EXAMPLES))
async def test_a_record_lies_as_json_on_its_own_topic(
    topics: Settings, producer: KafkaDataProducer, data_type: DataType
) -> None:
    place = await producer.send(EXAMPLES[data_type], data_type, "station-7")
    (found,) = stored(topics, data_type)
    assert (json.loads(found.value), found.key, found.place) == (
        EXAMPLES[data_type],
        b"station-7",
        place,
    )


async def test_an_alias_names_the_lane(topics: Settings, producer: KafkaDataProducer) -> None:
    place = await producer.send(READING, data_type="iot_sensor")
    assert place.topic == topic_names(topics).lanes[DataType.IOT_SENSORS]


async def test_many_records_all_lie_there_in_the_order_of_their_source(
    topics: Settings, producer: KafkaDataProducer
) -> None:
    records = [reading(number, station_id=f"s{number % 5}") for number in range(500)]
    receipt = await producer.send_many(records, "iot_sensor", lambda each: each["station_id"])
    lie = [json.loads(found.value) for found in stored(topics, DataType.IOT_SENSORS)]
    by_source = {
        source: [each for each in lie if each["station_id"] == source] for source in ("s0", "s4")
    }
    assert receipt.records == len(lie) == 500
    assert by_source["s0"] == records[0::5]
    assert by_source["s4"] == records[4::5]


async def test_the_receipt_says_where_many_records_lie(
    topics: Settings, producer: KafkaDataProducer
) -> None:
    receipt = await producer.send_many([ALERT] * 3, "critical_alerts", "s")
    assert receipt.topic == topic_names(topics).lanes[DataType.CRITICAL_ALERTS]
    assert receipt.offsets == {0: (0, 2)}


async def test_a_bad_record_in_a_list_is_refused_by_number_before_any_is_sent(
    producer: KafkaDataProducer,
) -> None:
    records = [DETECTION, DETECTION, {**DETECTION, "frp": -1}]
    with pytest.raises(RecordInvalid, match=r"record 2: nasa_firms record: field frp"):
        await producer.send_many(records, "firms")
    assert (await producer.send(DETECTION, "firms")).offset == 0


async def test_a_bad_record_of_a_stream_ends_it_there(producer: KafkaDataProducer) -> None:
    def stream() -> Iterator[dict[str, Any]]:
        yield READING
        yield {**READING, "timestamp": "noon"}

    with pytest.raises(RecordInvalid, match=r"record 1: .*timestamp"):
        await producer.send_many(stream(), "iot_sensor")


async def test_records_are_not_checked_when_the_setting_says_so(topics: Settings) -> None:
    free = topics.model_copy(update={"kafka_producer": ProducerSettings(validate_records=False)})
    async with KafkaDataProducer(settings=free) as producer:
        await producer.send({"anything": 1}, "iot_sensor")
    (found,) = stored(topics, DataType.IOT_SENSORS)
    assert found.value == b'{"anything":1}'


async def test_batches_are_compressed_as_the_matrix_says(
    stack: Stack, producer: KafkaDataProducer
) -> None:
    records = [reading(number) for number in range(2_000)]
    receipt = await producer.send_many(records, "iot_sensor", "s")
    on_disk = sum(
        segment_bytes(broker.data_dir, receipt.topic) for broker in stack.brokers if broker.data_dir
    )
    assert on_disk < receipt.value_bytes / 4


async def test_an_alert_overtakes_the_images_that_are_on_their_way(
    producer: KafkaDataProducer,
) -> None:
    await producer.prepare("critical_alert")
    images = [
        asyncio.create_task(producer.send_satellite_image(picture(15_000_000, n), {"n": n}, "s"))
        for n in range(4)
    ]
    await asyncio.sleep(0)
    await producer.send(ALERT, "critical_alert")
    assert not any(image.done() for image in images)
    await asyncio.gather(*images)


async def test_a_record_too_large_for_its_topic_says_so_and_harms_no_other(
    producer: KafkaDataProducer,
) -> None:
    # Random text, so that it is too large when compressed too.
    noise = picture(3_000_000).hex()
    huge = {**ALERT, "details": {"noise": noise}}
    with pytest.raises(DeliveryFailed, match="larger than its topic takes"):
        await producer.send(huge, "alert")
    assert (await producer.send(ALERT, "alert")).partition == 0


async def test_a_failed_record_may_be_seen_twice_when_sent_again_and_the_error_says_so(
    producer: KafkaDataProducer,
) -> None:
    huge = {**ALERT, "details": {"noise": picture(3_000_000).hex()}}
    with pytest.raises(DeliveryFailed) as caught:
        await producer.send(huge, "alert")
    assert not caught.value.safe_to_resend


async def test_an_unknown_data_type_is_refused(producer: KafkaDataProducer) -> None:
    with pytest.raises(InputError, match="'drone'"):
        await producer.send(READING, "drone")


async def test_a_missing_topic_is_named_before_anything_is_sent(topics: Settings) -> None:
    from wildfire_bench.streaming.records.record_sender import RecordSender

    sender = RecordSender(topics.model_copy(update={"topic_prefix": "nowhere-"}))
    with pytest.raises(TopicMissing, match="nowhere-wildfire-iot-sensors"):
        await sender.prepare("iot_sensor")


async def test_a_producer_that_is_not_running_says_so(settings: Settings) -> None:
    with pytest.raises(NotRunning, match="start"):
        await KafkaDataProducer(settings=settings).send(READING, "iot_sensor")


async def test_stop_waits_for_what_is_on_its_way(topics: Settings) -> None:
    producer = KafkaDataProducer(settings=topics)
    await producer.start()
    await producer.prepare("firms")
    under_way = asyncio.create_task(producer.send(DETECTION, "firms"))  # lingers 50 ms
    await asyncio.sleep(0)
    assert await producer.stop() == ()
    assert (await under_way).offset == 0


async def test_a_send_that_opens_its_lane_while_the_producer_stops_says_so(
    topics: Settings,
) -> None:
    producer = KafkaDataProducer(settings=topics)
    await producer.start()
    under_way = asyncio.create_task(producer.send(DETECTION, "firms"))
    await asyncio.sleep(0)
    await producer.stop()
    with pytest.raises(NotRunning, match="stopped"):
        await under_way
