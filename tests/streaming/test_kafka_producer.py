from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer
from wildfire_bench.errors import (
    BrokerUnavailable,
    DeliveryFailed,
    EmptyImage,
    ImageTooLarge,
    InvalidMetadata,
    MetadataTooLarge,
    NotRunning,
)
from wildfire_bench.settings import (
    CodecChoice,
    DataType,
    KafkaSettings,
    S3Settings,
    Settings,
)
from wildfire_bench.streaming.administration.broker_limits import read_limits
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.model import Receipt, RecordPlace, Route
from wildfire_bench.streaming.receiving.record_reader import StoredRecord, read_records
from wildfire_bench.streaming.sending import block_stream
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration


def noise(size_bytes: int) -> bytes:
    """Bytes that no codec makes smaller."""
    return np.random.default_rng(7).bytes(size_bytes)


def with_producer(settings: Settings, **changes: object) -> Settings:
    """The same settings with others of sending."""
    producer = settings.kafka_producer.model_copy(update=changes)
    return settings.model_copy(update={"kafka_producer": producer})


def limit_topic(settings: Settings, topic: str, max_message_bytes: int) -> None:
    """Lower what a topic takes, as an operator might."""
    entry = ConfigEntry(
        "max.message.bytes",
        str(max_message_bytes),
        incremental_operation=AlterConfigOpType.SET,
    )
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = open_admin(settings)
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)
    deadline = time.monotonic() + 30
    while read_limits(admin, [topic]).topics[topic] != max_message_bytes:
        assert time.monotonic() < deadline, "the broker does not tell the new limit"


async def stored(settings: Settings, place: RecordPlace) -> StoredRecord:
    (record,) = await asyncio.to_thread(lambda: list(read_records(settings, [place])))
    return record


@pytest.mark.parametrize(
    ("spare_bytes", "route"),
    [(1, Route.DIRECT), (0, Route.DIRECT), (-1, Route.CHUNKED)],
    ids=["one byte less than fits", "just fits", "one byte more than fits"],
)
async def test_a_record_goes_direct_exactly_as_long_as_its_topic_takes_it(
    topics: Settings, spare_bytes: int, route: Route
) -> None:
    image = noise(500_000)
    async with KafkaDataProducer(settings=topics) as producer:
        first = await producer.send_satellite_image(image, {"n": 1}, "s")
        item = await stored(topics, first.item_place or first.places[0])
    size = first.wire_bytes - _record_size(item)
    limit_topic(topics, topic_names(topics).binary, size + spare_bytes)
    async with KafkaDataProducer(settings=topics) as producer:
        receipt = await producer.send_satellite_image(image, {"n": 1}, "s")
    assert receipt.route is route
    if route is Route.CHUNKED:
        assert f"{size:,}" in receipt.reason


def _record_size(record: StoredRecord) -> int:
    from wildfire_bench.streaming.wire import record_bytes

    headers = [(name, value or b"") for name, value in record.headers]
    return record_bytes(record.key or b"", headers, len(record.value))


async def test_a_limit_that_was_lowered_since_the_start_is_read_again(topics: Settings) -> None:
    image = noise(500_000)
    async with KafkaDataProducer(settings=topics) as producer:
        await producer.send_satellite_image(picture(1000))
        limit_topic(topics, topic_names(topics).binary, 400_000)
        receipt = await producer.send_satellite_image(image)
    assert receipt.route is Route.CHUNKED


async def test_a_chunk_topic_that_takes_less_gets_smaller_chunks(topics: Settings) -> None:
    limit_topic(topics, topic_names(topics).chunks, 1 << 20)
    routing = topics.routing.model_copy(update={"direct_max_bytes": 1})
    settings = topics.model_copy(update={"routing": routing})
    async with KafkaDataProducer(settings=settings) as producer:
        receipt = await producer.send_satellite_image(noise(4_000_000))
    assert len(receipt.places) == 5


async def test_chunks_with_the_largest_headers_fit_a_topic_that_takes_less(
    topics: Settings,
) -> None:
    limit_topic(topics, topic_names(topics).chunks, 200_000)
    routing = topics.routing.model_copy(update={"direct_max_bytes": 1})
    settings = with_producer(topics, order_by="source").model_copy(update={"routing": routing})
    source_id, metadata = "\N{MATHEMATICAL SCRIPT CAPITAL X}" * 256, {"note": "x" * 65_000}
    async with KafkaDataProducer(settings=settings) as producer:
        receipt = await producer.send_satellite_image(noise(600_000), metadata, source_id)
    assert receipt.route is Route.CHUNKED


async def test_images_that_fit_their_topic_one_by_one_are_not_refused_together(
    topics: Settings,
) -> None:
    limit_topic(topics, topic_names(topics).binary, 100_000)
    async with KafkaDataProducer(settings=with_producer(topics, order_by="source")) as producer:
        images = [noise(60_000 + n) for n in range(30)]
        receipts = await asyncio.gather(*map(producer.send_satellite_image, images))
    assert {receipt.route for receipt in receipts} == {Route.DIRECT}


async def test_all_records_of_an_image_share_a_partition_and_the_wanted_key(
    topics: Settings,
) -> None:
    routing = topics.routing.model_copy(update={"direct_max_bytes": 1, "chunk_bytes": 65_536})
    settings = topics.model_copy(update={"routing": routing})
    by_source = with_producer(settings, order_by="source")
    async with KafkaDataProducer(settings=settings) as producer:
        one = await producer.send_satellite_image(picture(400_000), source_id="goes")
    async with KafkaDataProducer(settings=by_source) as producer:
        other = await producer.send_satellite_image(picture(400_000), source_id="goes")
    assert len({place.partition for place in one.places}) == 1
    assert (await stored(topics, one.places[0])).key == one.image_id.encode()
    assert (await stored(topics, other.places[0])).key == b"goes"


async def test_a_json_image_that_its_topic_cannot_carry_names_both_ways_out(
    topics: Settings,
) -> None:
    limit_topic(topics, topic_names(topics).json, 100_000)
    blind = topics.model_copy(update={"s3": S3Settings()})
    rollback = with_producer(blind, enable_binary_serialization=False)
    async with KafkaDataProducer(settings=rollback) as producer:
        with pytest.raises(ImageTooLarge, match=r"ENABLE_BINARY_SERIALIZATION.*S3_ENDPOINT"):
            await producer.send_satellite_image(picture(100_000))
    with_store = with_producer(topics, enable_binary_serialization=False)
    async with KafkaDataProducer(settings=with_store) as producer:
        receipt = await producer.send_satellite_image(picture(100_000))
    assert receipt.route is Route.REFERENCE


async def test_unusable_input_is_refused_before_anything_is_sent(
    producer: KafkaDataProducer,
) -> None:
    with pytest.raises(EmptyImage):
        await producer.send_satellite_image(b"")
    with pytest.raises(MetadataTooLarge):
        await producer.send_satellite_image(b"x", {"note": "x" * 65_536})
    with pytest.raises(InvalidMetadata, match="gain"):
        await producer.send_satellite_image(b"x", {"gain": float("nan")})
    with pytest.raises(InvalidMetadata, match="timestamp"):
        await producer.send_satellite_image(b"x", {"timestamp": "yesterday"})
    routing = producer.settings.routing
    with pytest.raises(ImageTooLarge, match="max_image_bytes"):
        await producer.send_satellite_image(np.zeros(routing.max_image_bytes + 1, np.uint8))


async def test_metadata_of_exactly_the_limit_travels(producer: KafkaDataProducer) -> None:
    receipt = await producer.send_satellite_image(b"x", {"n": "x" * (65_536 - len('{"n":""}'))})
    assert receipt.route is Route.DIRECT


async def test_sends_side_by_side_stay_within_the_bytes_in_flight(topics: Settings) -> None:
    settings = with_producer(topics, max_in_flight_bytes=1_000_000)
    most = 0
    async with KafkaDataProducer(settings=settings) as producer:

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, producer.in_flight_bytes)
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        images = [noise(400_000 + n) for n in range(12)]
        receipts = await asyncio.gather(*map(producer.send_satellite_image, images))
        watching.cancel()
    assert len({receipt.image_id for receipt in receipts}) == 12
    assert 0 < most <= 1_100_000


async def test_a_cancelled_send_leaves_the_producer_usable(producer: KafkaDataProducer) -> None:
    sending = asyncio.create_task(producer.send_satellite_image(noise(15_000_000)))
    await asyncio.sleep(0.02)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await producer.send_satellite_image(b"x")).route is Route.DIRECT


async def test_it_says_what_it_uses_when_it_starts_as_in_the_guide(
    topics: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "wildfire_bench"):
        async with KafkaDataProducer(settings=topics):
            pass
    assert "Using zstd compression (level: 1)" in caplog.messages
    assert "Binary Kafka producer started for image handling" in caplog.messages


async def test_before_start_and_after_stop_it_says_what_to_do(topics: Settings) -> None:
    producer = KafkaDataProducer(settings=topics)
    with pytest.raises(NotRunning, match="start"):
        await producer.send_satellite_image(b"x")
    await producer.start()
    assert await producer.stop() == ()
    with pytest.raises(NotRunning, match="start"):
        await producer.send_satellite_image(b"x")


async def test_no_broker_is_an_error_in_time_that_names_the_address(
    topics: Settings, unused_tcp_port: int
) -> None:
    nowhere = KafkaSettings(bootstrap_servers=f"127.0.0.1:{unused_tcp_port}", connect_timeout_s=0.5)
    with pytest.raises(BrokerUnavailable, match=str(unused_tcp_port)):
        await KafkaDataProducer(settings=topics.model_copy(update={"kafka": nowhere})).start()


async def test_a_receipt_tells_what_was_done(producer: KafkaDataProducer) -> None:
    receipt = await producer.send_satellite_image(picture(1_000_000), {"a": 1}, "s")
    assert receipt.raw_bytes == 1_000_000
    assert receipt.raw_bytes > receipt.encoded_bytes
    assert receipt.wire_bytes > receipt.encoded_bytes
    assert (receipt.codec, receipt.level) == ("zstd", 1)
    assert set(receipt.seconds) == {"identify", "encode", "send", "catalogue", "total"}
    assert replace(receipt, raw_bytes=receipt.encoded_bytes).ratio == 1


async def test_a_codec_chosen_by_content_is_told_with_its_reason(topics: Settings) -> None:
    auto = {**topics.compression_matrix, DataType.SATELLITE_IMAGERY: CodecChoice(codec="auto")}
    settings = topics.model_copy(update={"compression_matrix": auto})
    async with KafkaDataProducer(settings=settings) as producer:
        receipt = await producer.send_satellite_image(noise(200_000))
    assert receipt.codec == "stored"
    assert receipt.codec_reason is not None
    assert receipt.codec_reason in receipt._repr_html_()


async def test_a_send_that_stop_overtakes_says_so(topics: Settings) -> None:
    producer = KafkaDataProducer(settings=topics)
    await producer.start()
    image = picture(40_000_000)
    sending = [
        asyncio.create_task(producer.send_satellite_image(image, source_id=f"source-{n}"))
        for n in range(3)
    ]
    await asyncio.sleep(0)  # they have begun
    unsent = await producer.stop()
    ended = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(one, Receipt | DeliveryFailed | NotRunning) for one in ended)
    failed = [n for n, one in enumerate(ended) if not isinstance(one, Receipt)]
    assert failed
    assert len(unsent) == len(failed)
    assert all(any(f"source-{n}" in name for name in unsent) for n in failed)


async def test_stop_names_an_image_that_was_still_being_encoded(
    topics: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoding, go_on = threading.Event(), threading.Event()

    def slow_encode(*_: object) -> None:
        encoding.set()
        go_on.wait(30)

    monkeypatch.setattr(block_stream, "_encode", slow_encode)
    producer = KafkaDataProducer(settings=topics)
    await producer.start()
    sending = asyncio.create_task(producer.send_satellite_image(b"x", source_id="slow"))
    await asyncio.to_thread(encoding.wait, 30)
    try:
        (unsent,) = await producer.stop()
    finally:
        go_on.set()
    assert re.fullmatch("slow-[0-9a-f]{32}", unsent)
    assert isinstance(*await asyncio.gather(sending, return_exceptions=True), Exception)
