"""Chunks of our producer, put together from the messages of other Kafka clients."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, Message

from tests.streaming.conftest import RECEIVE_TIMEOUT_S, picture
from wildfire_bench import ImageChunkManager, KafkaDataProducer, Receipt
from wildfire_bench.errors import UnusableMessage
from wildfire_bench.settings import RoutingSettings, Settings
from wildfire_bench.streaming.model import Chunk
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

IMAGE = picture(300_000)
METADATA = {"timestamp": "2025-10-13T10:00:00Z", "satellite": "Landsat-8"}


@pytest.fixture
async def sent(topics: Settings) -> Receipt:
    """A chunked image that lies in its topic."""
    routing = RoutingSettings(direct_max_bytes=100_000, chunk_bytes=65_536)
    settings = topics.model_copy(update={"routing": routing})
    async with KafkaDataProducer(settings=settings) as producer:
        return await producer.send_satellite_image(
            image_data=IMAGE, metadata=METADATA, source_id="landsat_nrt"
        )


@asynccontextmanager
async def aiokafka_consumer(topics: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic_names(topics).chunks,
        bootstrap_servers=topics.kafka.bootstrap_servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=10 << 20,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@contextmanager
def confluent_consumer(topics: Settings) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": topics.kafka.bootstrap_servers,
            "group.id": f"{topics.topic_prefix}{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic_names(topics).chunks])
    try:
        yield consumer
    finally:
        consumer.close()


def poll(consumer: Consumer, count: int) -> list[Message]:
    messages = consumer.consume(count, RECEIVE_TIMEOUT_S)
    assert len(messages) == count
    assert [message.error() for message in messages] == [None] * count
    return messages


async def put_together(messages: list[Any]) -> tuple[memoryview, dict[str, Any]] | None:
    async with ImageChunkManager(Settings()) as chunk_manager:
        result = None
        for message in messages:
            chunk = chunk_manager.deserialize_chunk(message)
            result = await chunk_manager.add_chunk_for_reassembly(chunk)
    return result


async def test_the_guides_loop_over_an_aiokafka_consumer_gives_the_image(
    topics: Settings, sent: Receipt
) -> None:
    """Section 4 of the guide, but for `msg` in place of `msg.value`."""
    chunk_manager = ImageChunkManager(Settings())
    await chunk_manager.start()
    async with aiokafka_consumer(topics) as consumer, asyncio.timeout(RECEIVE_TIMEOUT_S):
        async for msg in consumer:
            if msg.topic == topic_names(topics).chunks:
                chunk = chunk_manager.deserialize_chunk(msg)

                # Add chunk for reassembly
                result = await chunk_manager.add_chunk_for_reassembly(chunk)

                if result:  # Reassembly complete
                    image_data, metadata = result
                    break
    await chunk_manager.stop()
    assert (image_data, metadata) == (IMAGE, METADATA)


async def test_the_guides_bare_value_is_refused_with_the_reason(
    topics: Settings, sent: Receipt
) -> None:
    async with aiokafka_consumer(topics) as consumer:
        msg = await asyncio.wait_for(consumer.getone(), RECEIVE_TIMEOUT_S)
    with pytest.raises(UnusableMessage, match="travels in the headers"):
        ImageChunkManager.deserialize_chunk(msg.value)


async def test_messages_of_a_confluent_consumer_give_the_image(
    topics: Settings, sent: Receipt
) -> None:
    with confluent_consumer(topics) as consumer:
        messages = await asyncio.to_thread(poll, consumer, len(sent.places))
    assert await put_together(messages) == (IMAGE, METADATA)


async def test_values_with_headers_give_the_image(topics: Settings, sent: Receipt) -> None:
    with confluent_consumer(topics) as consumer:
        messages = await asyncio.to_thread(poll, consumer, len(sent.places))
    pairs = [(message.value(), message.headers()) for message in messages]
    assert await put_together(pairs) == (IMAGE, METADATA)


async def test_both_clients_say_the_same_of_a_chunk(topics: Settings, sent: Receipt) -> None:
    with confluent_consumer(topics) as consumer:
        (theirs,) = await asyncio.to_thread(poll, consumer, 1)
    async with aiokafka_consumer(topics) as other:
        ours = await asyncio.wait_for(other.getone(), RECEIVE_TIMEOUT_S)
    chunks: list[Chunk] = [ImageChunkManager.deserialize_chunk(msg) for msg in (theirs, ours)]
    assert chunks[0] == chunks[1]
    assert chunks[0].place == sent.places[0]
    assert chunks[0].timestamp_ms
