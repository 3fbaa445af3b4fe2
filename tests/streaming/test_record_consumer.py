from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.streaming.conftest import RECEIVE_TIMEOUT_S
from tests.streaming.examples import ALERT, DETECTION, READING, reading
from tests.streaming.raw_records import RawRecord, put
from wildfire_bench import KafkaDataProducer, RecordConsumer
from wildfire_bench.errors import AcknowledgementLost, InputError, NotRunning, TopicMissing
from wildfire_bench.settings import ConsumerSettings, DataType, Settings
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.records.record_batch import RecordBatch
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

MakeConsumer = Callable[..., RecordConsumer]


@pytest.fixture
def records(topics: Settings) -> MakeConsumer:
    """Makes consumers of sensor readings in one group of the test's own, not started."""

    def make(**options: Any) -> RecordConsumer:
        usual = {"group_id": f"{topics.topic_prefix}g", "settings": topics}
        return RecordConsumer(**{"data_types": "iot_sensor", **usual, **options})

    return make


async def next_batch(consumer: RecordConsumer) -> RecordBatch:
    return await asyncio.wait_for(anext(consumer), RECEIVE_TIMEOUT_S)


async def receive(consumer: RecordConsumer, count: int) -> list[ReceivedRecord]:
    """So many records, by as many batches as it takes."""
    found: list[ReceivedRecord] = []
    while len(found) < count:
        found += (await next_batch(consumer)).received
    return found


def numbers(received: list[ReceivedRecord]) -> list[int]:
    return [each.record["readings"]["number"] for each in received]


async def send(producer: KafkaDataProducer, *wanted: int, source_id: str = "s") -> None:
    await producer.send_many([reading(each) for each in wanted], "iot_sensor", source_id)


async def test_a_record_arrives_with_source_time_and_place(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    place = await producer.send(READING, "iot_sensor", "station-7")
    async with records() as consumer:
        (found,) = await receive(consumer, 1)
        assert found.record == READING
        assert (found.source_id, found.timestamp) == ("station-7", READING["timestamp"])
        assert found.place == place


async def test_several_lanes_arrive_in_one_loop_each_known_by_its_type(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await producer.send(ALERT, "alert")
    await producer.send(DETECTION, "firms")
    async with records(data_types=["alert", "firms"]) as consumer:
        found = {each.data_type: each.record for each in await receive(consumer, 2)}
        assert found == {DataType.CRITICAL_ALERTS: ALERT, DataType.NASA_FIRMS: DETECTION}


async def test_batches_keep_the_order_of_a_source_and_their_limit(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, *range(1_000))
    async with records(batch_records=64) as consumer:
        found: list[ReceivedRecord] = []
        sizes = []
        while len(found) < 1_000:
            batch = await next_batch(consumer)
            sizes.append(len(batch))
            found += batch.received
        assert numbers(found) == list(range(1_000))
        assert max(sizes) == 64


async def test_a_batch_becomes_a_frame_with_a_column_for_each_field(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, 1, 2, source_id="station-7")
    async with records(batch_records=2) as consumer:
        frame = (await next_batch(consumer)).frame()
        assert list(frame["readings.number"]) == [1, 2]
        assert list(frame["source_id"]) == ["station-7"] * 2
        assert frame.index.names == ["topic", "partition", "offset"]


async def test_acknowledged_records_do_not_come_again_and_others_do(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, *range(10))
    async with records(batch_records=5) as consumer:
        await (await next_batch(consumer)).ack()
        await next_batch(consumer)
    async with records() as consumer:
        assert numbers(await receive(consumer, 5)) == [5, 6, 7, 8, 9]


async def test_acknowledging_after_the_consumer_failed_and_closed_is_an_error_and_no_wait(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, 1)
    async with records(acknowledge="manual") as consumer:
        batch = await next_batch(consumer)
        consumer._running().call(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        with pytest.raises(ZeroDivisionError):
            await next_batch(consumer)
        # until it has closed, an acknowledgement is still committed
        await asyncio.to_thread(consumer._running().stop)
        with pytest.raises(AcknowledgementLost):
            await asyncio.wait_for(batch.ack(), RECEIVE_TIMEOUT_S)


async def test_the_next_turn_of_the_loop_acknowledges(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, *range(4))
    async with records(batch_records=2) as consumer:
        await next_batch(consumer)
        await next_batch(consumer)
    async with records() as consumer:
        assert numbers(await receive(consumer, 2)) == [2, 3]


async def test_batches_acknowledged_out_of_order_commit_only_what_is_safe(
    topics: Settings, producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    three = topics.model_copy(update={"kafka_consumer": ConsumerSettings(max_unacknowledged=3)})
    await send(producer, *range(6))
    async with records(settings=three, acknowledge="manual", batch_records=2) as consumer:
        _, second, third = [await next_batch(consumer) for _ in range(3)]
        await third.ack()
        await second.ack()
    async with records() as consumer:
        assert numbers(await receive(consumer, 6)) == list(range(6))


async def test_no_more_batches_are_handed_over_than_may_be_unacknowledged(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, *range(6))
    async with records(acknowledge="manual", batch_records=2) as consumer:
        first = await next_batch(consumer)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(consumer), 0.3)
        await first.ack()
        assert numbers(list((await next_batch(consumer)).received)) == [2, 3]


async def test_a_slow_caller_gets_the_rest_when_it_comes_back(
    producer: KafkaDataProducer, records: MakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wildfire_bench.streaming.records.record_thread.KEEP_ALIVE_S", 0.05)
    await send(producer, *range(100))
    async with records(batch_records=10) as consumer:
        found = list((await next_batch(consumer)).received)
        await asyncio.sleep(0.5)  # long enough to be paused several times
        found += await receive(consumer, 90)
        assert numbers(found) == list(range(100))


@pytest.mark.parametrize("value", [b"{", b'{"a": NaN}', b"[]", b"\xff\xfe"])
async def test_a_bad_record_goes_to_the_dead_letters_and_the_rest_goes_on(
    topics: Settings, producer: KafkaDataProducer, records: MakeConsumer, value: bytes
) -> None:
    topic = topic_names(topics).lanes[DataType.IOT_SENSORS]
    put(topics, topic, [RawRecord(b"s", value, ())])
    await send(producer, 1)
    async with records() as consumer:
        (found,) = await receive(consumer, 1)
        assert numbers([found]) == [1]
        await next_letter(topics)
        (letter,) = dead_letters(topics)
        assert (letter.error, letter.places[0].topic) == ("CorruptEnvelope", topic)


async def test_a_record_that_breaks_its_schema_goes_to_the_dead_letters_if_asked(
    topics: Settings, producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    topic = topic_names(topics).lanes[DataType.IOT_SENSORS]
    put(topics, topic, [RawRecord(b"s", json.dumps({"station_id": 7}).encode(), ())])
    await send(producer, 1)
    async with records(check_schema=True) as consumer:
        assert numbers(await receive(consumer, 1)) == [1]
        await next_letter(topics)
        (letter,) = dead_letters(topics)
        assert "field timestamp, readings is missing" in letter.reason


async def test_refused_records_go_to_the_dead_letters_with_the_callers_reason(
    topics: Settings, producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, 1, 2, 3)
    async with records(batch_records=3) as consumer:
        batch = await next_batch(consumer)
        await batch.nack("sensor is broken", batch.received[1:2])
        (letter,) = dead_letters(topics)
        assert (letter.reason, letter.error) == ("sensor is broken", "Rejected")
        assert letter.places == (batch.received[1].place,)


async def test_refused_records_do_not_come_again(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    await send(producer, 1)
    async with records() as consumer:
        await (await next_batch(consumer)).nack("no")
    await send(producer, 2)
    async with records() as consumer:
        assert numbers(await receive(consumer, 1)) == [2]


async def test_a_group_shares_records_and_a_member_that_leaves_loses_none(
    producer: KafkaDataProducer, records: MakeConsumer
) -> None:
    seen: set[int] = set()

    async def read(consumer: RecordConsumer) -> None:
        async for batch in consumer:
            await batch.ack()
            seen.update(numbers(list(batch.received)))

    async def until(wanted: set[int]) -> None:
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            while seen != wanted:
                await asyncio.sleep(0.01)

    def source(record: Any) -> str:
        return f"s{record['readings']['number']}"

    async with records() as first:
        readers = [asyncio.create_task(read(first))]
        await producer.send_many([reading(n) for n in range(40)], "iot_sensor", source)
        await until(set(range(40)))
        async with records() as second:
            readers.append(asyncio.create_task(read(second)))
            await producer.send_many([reading(n) for n in range(40, 80)], "iot_sensor", source)
            await until(set(range(80)))
        await producer.send_many([reading(n) for n in range(80, 120)], "iot_sensor", source)
        await until(set(range(120)))
    await asyncio.gather(*readers)


async def test_a_missing_topic_is_named(settings: Settings) -> None:
    with pytest.raises(TopicMissing, match="topics create"):
        await RecordConsumer(settings=settings, group_id="g").start()


async def test_a_consumer_that_is_not_running_says_so(records: MakeConsumer) -> None:
    with pytest.raises(NotRunning, match="start"):
        await anext(records())


@pytest.mark.parametrize("options", [{"batch_records": 0}, {"data_types": []}])
def test_what_makes_no_sense_is_refused(records: MakeConsumer, options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        records(**options)


async def next_letter(settings: Settings) -> None:
    """Wait until a dead letter is written."""
    async with asyncio.timeout(RECEIVE_TIMEOUT_S):
        while not await asyncio.to_thread(lambda: list(dead_letters(settings))):
            await asyncio.sleep(0.05)
