"""What ends, stops or repeats a consumer's work, on a real broker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from kafka import KafkaProducer

from tests.streaming.conftest import picture, receive
from tests.streaming.raw_records import chunks_of, put
from tests.streaming.test_delivery import letters
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.receiving import consumer_thread
from wildfire_bench.streaming.receiving.ledger import DELIVERED_CAPACITY
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

MakeConsumer = Callable[..., SatelliteImageConsumer]
ANSWER_TIMEOUT_S = 10.0


async def test_a_resend_in_chunks_while_the_image_is_in_hand_comes_once(
    topics: Settings, consumer: MakeConsumer
) -> None:
    image, other = picture(200_000, 1), picture(200_000, 2)
    records, others = await chunks_of(topics, image), await chunks_of(topics, other)
    chunks = topic_names(topics).chunks
    put(topics, chunks, records)
    async with consumer() as images:
        (held,) = await receive(images)
        put(topics, chunks, records)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(images._inbox.take(), 1.0)
        put(topics, chunks, others)
        await held.ack()
        (found,) = await receive(images)
    assert found.data == other


async def test_acknowledging_after_the_consumer_failed_and_closed_is_an_error_and_no_wait(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    await producer.send_satellite_image(picture(1000))
    async with consumer(acknowledge="manual") as images:
        (held,) = await receive(images)
        images._running().call(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
        with pytest.raises(ZeroDivisionError):
            await receive(images)
        # until it has closed, an acknowledgement is still committed
        await asyncio.to_thread(images._running().stop)
        with pytest.raises(AcknowledgementLost):
            await asyncio.wait_for(held.ack(), ANSWER_TIMEOUT_S)


async def test_a_refusal_is_answered_when_the_consumer_stops_at_once(
    producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    await producer.send_satellite_image(picture(1000))
    async with consumer(acknowledge="manual") as images:
        (held,) = await receive(images)
        refusal = asyncio.create_task(held.nack("clouds only"))
        await asyncio.sleep(0)
    await asyncio.wait_for(refusal, ANSWER_TIMEOUT_S)


async def test_partitions_that_were_paused_are_read_on_when_they_come_back(
    topics: Settings, producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    """librdkafka keeps a partition paused when it is taken away and given back."""
    sent = {(await producer.send_satellite_image(picture(1000, n))).image_id for n in range(30)}
    limits = topics.kafka_consumer.model_copy(update={"ready_bytes": 1})
    settings = topics.model_copy(update={"kafka_consumer": limits})
    async with consumer(settings=settings) as images:
        first = await receive(images)
        mine = len(images._running().partitions)
        async with consumer() as guest:
            await until(lambda: bool(guest._running().partitions))
        await until(lambda: len(images._running().partitions) == mine)
        seen = {image.image_id for image in first}
        while seen < sent:  # what was in hand may come again
            seen |= {image.image_id for image in await receive(images)}
    assert seen == sent


async def test_reading_waits_for_decoding_and_goes_on(
    topics: Settings, consumer: MakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_thread, "MAX_UNDECODED_BYTES", 0)
    image = picture(300_000)
    put(topics, topic_names(topics).chunks, await chunks_of(topics, image))
    async with consumer() as images:
        (found,) = await receive(images)
    assert found.data == image


async def test_a_record_whose_header_names_cannot_be_read_does_not_stop_the_consumer(
    topics: Settings, producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    class NotUtf8(str):
        def encode(self, *_: object) -> bytes:
            return b"\xff"

    stranger = KafkaProducer(bootstrap_servers=topics.kafka.bootstrap_servers)
    topic = topic_names(topics).binary
    headers = [(NotUtf8("name"), b"value")]
    await asyncio.to_thread(stranger.send(topic, b"v", b"k", headers=headers).get, 10)
    stranger.close()
    sent = await producer.send_satellite_image(picture(1000))
    async with consumer() as images:
        (found,) = await receive(images)
        assert found.image_id == sent.image_id
        (letter,) = await letters(topics, 1)
    assert letter.error == "CorruptEnvelope"


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something, with a deadline."""
    async with asyncio.timeout(ANSWER_TIMEOUT_S * 3):
        while not condition():
            await asyncio.sleep(0.02)


async def test_no_acknowledged_image_comes_again_however_many_are_past_an_unfinished_one(
    topics: Settings, consumer: MakeConsumer
) -> None:
    """All in one partition: a commit note names some 300 images, more are there."""
    unfinished = await chunks_of(topics, picture(100_000))
    tiny = [(await chunks_of(topics, picture(64, seed)))[0] for seed in range(330)]
    records = [replace(record, key=b"s") for record in (*unfinished[:-1], *tiny)]
    chunks = topic_names(topics).chunks
    put(topics, chunks, records)

    async def until_nothing_comes() -> list[str]:
        found = []
        async with consumer() as images:
            with contextlib.suppress(TimeoutError):
                while True:
                    image = await asyncio.wait_for(anext(images), 6 if not found else 1.5)
                    await image.ack()
                    found.append(image.image_id)
        return found

    first = await until_nothing_comes()
    again = await until_nothing_comes()
    put(topics, chunks, [replace(unfinished[-1], key=b"s")])
    rest = await until_nothing_comes()
    assert len(first) == DELIVERED_CAPACITY
    assert again == []
    assert len(rest) == len(tiny) + 1 - DELIVERED_CAPACITY
    assert len({*first, *again, *rest}) == len(tiny) + 1
