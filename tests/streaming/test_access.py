"""Least privilege on a broker that denies all else: enough to work, and a clear error for less."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.secured import Secured
from tests.streaming.conftest import picture, receive
from tests.streaming.examples import EXAMPLES, READING
from wildfire_bench import KafkaDataProducer, RecordConsumer, SatelliteImageConsumer
from wildfire_bench.errors import AccessDenied, AcknowledgementLost, DeliveryDenied
from wildfire_bench.settings import RoutingSettings, S3Settings, Settings
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.administration.acl import grant, revoke
from wildfire_bench.streaming.administration.rights import Right, Role, rights_of
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.dead_letters import DeadLetter, DeadLetterWriter
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.topics import topic_names, topic_specs

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("secrets_kept")]

GROUP = "access-images"
OTHER_GROUPS = ("access-ends-1", "access-ends-2")
"""Of consumers that lose the right to their group: they may not even leave it, and the next member
would have to wait until their session is over."""
SMALL = RoutingSettings(direct_max_bytes=100_000, chunked_max_bytes=300_000, chunk_bytes=65_536)
SIZES = {Route.DIRECT: 50_000, Route.CHUNKED: 200_000, Route.REFERENCE: 400_000}


@pytest.fixture(scope="module")
def common(secured: Secured, stack: Stack) -> Settings:
    """Topics of this module, and of its accounts the rights of their roles."""
    plain = Settings(topic_prefix="access-", routing=SMALL, s3=S3Settings(bucket="access-images"))
    settings = plain.model_copy(update={"s3": stack.apply(plain).s3})
    admin = open_admin(secured.as_super_user(settings))
    ensure_topics(admin, topic_specs(settings))
    for role in (Role.PRODUCER, Role.CONSUMER, Role.OPERATOR):
        grant(admin, rights_of(role, settings, GROUP), f"User:{role}")
    grant(admin, [Right("Read", "group", each) for each in OTHER_GROUPS], f"User:{Role.CONSUMER}")
    return settings


@pytest.fixture
def producing(secured: Secured, common: Settings) -> Settings:
    return secured.by_password(common, "producer")


@pytest.fixture
def consuming(secured: Secured, common: Settings) -> Settings:
    return secured.by_password(common, "consumer")


@pytest.fixture
def without(secured: Secured, common: Settings) -> Callable[..., object]:
    """Take a right away from an account for a while."""

    @contextmanager
    def taken(account: str, right: Right) -> Iterator[Right]:
        admin = open_admin(secured.as_super_user(common))
        revoke(admin, [right], f"User:{account}")
        try:
            yield right
        finally:
            grant(admin, [right], f"User:{account}")

    return taken


def right(settings: Settings, role: Role, operation: str, topic: str) -> Right:
    """A right of a role, by the end of its topic's name."""
    (found,) = [
        each
        for each in rights_of(role, settings, GROUP)
        if each.operation == operation and each.name.endswith(topic)
    ]
    return found


def as_json(settings: Settings) -> Settings:
    producer = settings.kafka_producer.model_copy(update={"enable_binary_serialization": False})
    return settings.model_copy(update={"kafka_producer": producer})


async def test_a_producer_and_a_consumer_need_no_more_than_the_rights_of_their_roles(
    producing: Settings, consuming: Settings
) -> None:
    sent = {}
    async with KafkaDataProducer(settings=producing) as producer:
        for seed, (route, size) in enumerate(SIZES.items()):
            receipt = await producer.send_satellite_image(picture(size, seed), {}, "s")
            sent[receipt.image_id] = route
            assert receipt.route is route
        for data_type, record in EXAMPLES.items():
            await producer.send(record, data_type, "s")
    async with KafkaDataProducer(settings=as_json(producing)) as producer:
        receipt = await producer.send_satellite_image(picture(9_000, 9), {}, "s")
        sent[receipt.image_id] = Route.JSON

    async with SatelliteImageConsumer(
        settings=consuming, group_id=GROUP, acknowledge="manual"
    ) as images:
        received = {}
        for _ in sent:
            (image,) = await receive(images)
            received[image.image_id] = image.route
            if image.route is Route.JSON:
                await image.nack("not wanted")
            else:
                await image.ack()
    assert received == sent

    found = set()
    async with RecordConsumer(settings=consuming, group_id=GROUP) as batches:
        while len(found) < len(EXAMPLES):
            batch = await asyncio.wait_for(anext(batches), 30)
            found.update(each.data_type for each in batch)
            await batch.ack()
    assert found == set(EXAMPLES)


@pytest.mark.parametrize("topic", ["-binary", "-chunks", "-metadata", "-json"])
async def test_a_producer_that_may_not_write_to_an_image_topic_is_told_so_at_the_start(
    producing: Settings, without: Callable[..., object], topic: str
) -> None:
    lost = right(producing, Role.PRODUCER, "Write", topic)
    with without("producer", lost), pytest.raises(AccessDenied) as raised:
        await KafkaDataProducer(settings=producing).start()
    assert f"denies producer the right to {lost}" in str(raised.value)


async def test_a_lane_that_may_not_be_written_to_is_named(
    producing: Settings, without: Callable[..., object]
) -> None:
    lost = right(producing, Role.PRODUCER, "Write", "iot-sensors")
    with without("producer", lost):
        async with KafkaDataProducer(settings=producing) as producer:
            with pytest.raises(AccessDenied, match=str(lost)):
                await producer.send(READING, "iot_sensors", "s")


async def test_a_right_to_write_that_ends_while_sending_fails_the_send_with_its_name(
    producing: Settings, without: Callable[..., object]
) -> None:
    lost = right(producing, Role.PRODUCER, "Write", "-binary")
    async with KafkaDataProducer(settings=producing) as producer:
        await producer.send_satellite_image(picture(40_000, 20), {}, "s")
        denied = pytest.raises(DeliveryDenied, match=str(lost))
        with without("producer", lost), denied as raised:
            await producer.send_satellite_image(picture(40_000, 21), {}, "s")
        assert raised.value.image_id


async def test_one_who_may_write_to_nothing_is_told_before_the_delivery_times_out(
    secured: Secured, common: Settings, producing: Settings, without: Callable[..., object]
) -> None:
    """Without any right to write, the brokers give an idempotent producer no id to begin with."""
    names = topic_names(common)
    admin = open_admin(secured.as_super_user(common))
    seen = [Right("Describe", "topic", name) for name in names.images]
    grant(admin, seen, "User:nobody")
    settings = secured.by_certificate(producing, "nobody")
    async with KafkaDataProducer(settings=settings) as producer:
        with pytest.raises(DeliveryDenied, match=f"Write on topic {names.binary}"):
            await asyncio.wait_for(producer.send_satellite_image(picture(4_000), {}, "s"), 20)


async def test_limits_that_may_not_be_read_are_assumed_with_a_warning(
    producing: Settings, without: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    lost = right(producing, Role.PRODUCER, "DescribeConfigs", "-binary")
    with without("producer", lost), caplog.at_level(logging.WARNING, "wildfire_bench"):
        async with KafkaDataProducer(settings=producing) as producer:
            receipt = await producer.send_satellite_image(picture(40_000, 30), {}, "s")
    assert receipt.route is Route.DIRECT
    assert "the brokers do not tell their limits" in caplog.text
    assert f"{lost.name} 20,971,520" in caplog.text


@pytest.mark.parametrize("topic", ["-binary", "-chunks", "-metadata", "-json"])
async def test_a_consumer_that_may_not_read_a_topic_is_told_so_at_the_start(
    consuming: Settings, without: Callable[..., object], topic: str
) -> None:
    lost = right(consuming, Role.CONSUMER, "Read", topic)
    with without("consumer", lost), pytest.raises(AccessDenied) as raised:
        await SatelliteImageConsumer(settings=consuming, group_id=GROUP).start()
    assert f"denies consumer the right to {lost}" in str(raised.value)


async def test_a_right_to_read_that_ends_ends_the_consumer_with_its_name(
    producing: Settings, consuming: Settings, without: Callable[..., object]
) -> None:
    lost = right(consuming, Role.CONSUMER, "Read", "-binary")
    async with KafkaDataProducer(settings=producing) as producer:
        await producer.send_satellite_image(picture(40_000, 60), {}, "s")
    async with SatelliteImageConsumer(settings=consuming, group_id=GROUP) as images:
        await receive(images)  # partitions are its own by now
        with without("consumer", lost), pytest.raises(AccessDenied, match=str(lost)):
            await receive(images, 100)


async def test_a_right_to_commit_that_ends_ends_the_consumer_with_its_name(
    producing: Settings, consuming: Settings, without: Callable[..., object]
) -> None:
    lost = Right("Read", "group", OTHER_GROUPS[0])
    async with KafkaDataProducer(settings=producing) as producer:
        await producer.send_satellite_image(picture(40_000, 50), {}, "s")

    async def acknowledge_all() -> None:
        async with SatelliteImageConsumer(
            settings=consuming, group_id=lost.name, acknowledge="manual"
        ) as images:
            (image,) = await receive(images)
            with without("consumer", lost):
                with pytest.raises(AcknowledgementLost):
                    await image.ack()
                await receive(images, 100)  # what waits to be handed over may come before the end

    with pytest.raises(AccessDenied, match=str(lost)):
        await asyncio.wait_for(acknowledge_all(), 30)


async def test_a_right_to_commit_records_that_ends_ends_their_consumer_with_its_name(
    producing: Settings, consuming: Settings, without: Callable[..., object]
) -> None:
    lost = Right("Read", "group", OTHER_GROUPS[1])
    async with KafkaDataProducer(settings=producing) as producer:
        await producer.send(READING, "iot_sensors", "s")

    async def acknowledge_all() -> None:
        async with RecordConsumer(settings=consuming, group_id=lost.name) as batches:
            batch = await anext(batches)
            with without("consumer", lost):
                with pytest.raises(AcknowledgementLost):
                    await batch.ack()
                while True:  # what waits to be handed over may come before the end
                    await anext(batches)

    with pytest.raises(AccessDenied, match=str(lost)):
        await asyncio.wait_for(acknowledge_all(), 30)


async def test_a_lane_that_may_not_be_read_is_named(
    consuming: Settings, without: Callable[..., object]
) -> None:
    lost = right(consuming, Role.CONSUMER, "Read", "iot-sensors")
    with without("consumer", lost), pytest.raises(AccessDenied, match=str(lost)):
        await RecordConsumer(settings=consuming, group_id=GROUP).start()


async def test_a_group_that_may_not_be_joined_is_named(consuming: Settings) -> None:
    async with SatelliteImageConsumer(settings=consuming, group_id="others") as images:
        with pytest.raises(AccessDenied, match="Read on group others"):
            await receive(images)


async def test_a_consumer_that_may_not_write_dead_letters_ends_and_the_image_comes_again(
    producing: Settings, consuming: Settings, without: Callable[..., object]
) -> None:
    lost = right(consuming, Role.CONSUMER, "Write", "dead-letters")
    async with KafkaDataProducer(settings=producing) as producer:
        receipt = await producer.send_satellite_image(picture(40_000, 40), {}, "s")

    async def refuse_until_it_comes() -> None:
        async with SatelliteImageConsumer(
            settings=consuming, group_id=GROUP, acknowledge="manual"
        ) as images:
            while (image := (await receive(images))[0]).image_id != receipt.image_id:
                await image.ack()
            refusal = asyncio.ensure_future(image.nack("broken"))
            try:
                await receive(images, 100)  # what waits to be handed over may come before the end
            finally:
                await asyncio.wait([refusal])
                refusal.exception()

    with without("consumer", lost), pytest.raises(AccessDenied, match=str(lost)):
        await refuse_until_it_comes()
    async with SatelliteImageConsumer(settings=consuming, group_id=GROUP) as images:
        while (image := (await receive(images))[0]).image_id != receipt.image_id:
            pass
        await image.ack()


async def test_an_operator_reads_dead_letters_and_a_consumer_may_not(
    secured: Secured, common: Settings, consuming: Settings
) -> None:
    operator = secured.by_password(common, "operator")
    letters = topic_names(common).dead_letters
    writer = DeadLetterWriter(consuming.kafka, letters)
    writer.write(DeadLetter("broken", "Rejected", ()), lambda: None)
    writer.close(10)
    found = await asyncio.to_thread(lambda: list(dead_letters(operator)))
    assert found[-1].reason == "broken"
    with pytest.raises(AccessDenied, match=f"Read on topic {letters}"):
        await asyncio.to_thread(lambda: list(dead_letters(consuming)))


def test_a_topic_that_may_not_be_created_is_named(consuming: Settings) -> None:
    other = consuming.model_copy(update={"topic_prefix": "others-"})
    with pytest.raises(AccessDenied, match="Create on topic others-"):
        ensure_topics(open_admin(other), topic_specs(other))


def test_an_operator_makes_topics_and_no_others(secured: Secured, common: Settings) -> None:
    operator = secured.by_password(common, "operator")
    reports = ensure_topics(open_admin(operator), topic_specs(operator))
    assert {report.outcome for report in reports} == {"unchanged"}
