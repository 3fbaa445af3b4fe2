"""Commits that brokers refuse, whole or in part."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, KafkaError

from tests.streaming.conftest import RECEIVE_TIMEOUT_S, picture
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import AcknowledgementLost, TopicMissing
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.receiving import commit_pump
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.topics import topic_names

MakeConsumer = Callable[..., SatelliteImageConsumer]


def delete(settings: Settings, topic: str) -> None:
    """Delete a topic and wait until the brokers do not know it any more."""
    admin = open_admin(settings)
    admin.delete_topics([topic])[topic].result(30)
    deadline = time.monotonic() + 30
    while topic in admin.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline, "the topic stays"


@pytest.fixture
def wide(topics: Settings) -> Settings:
    """Settings of a consumer that may hold two images."""
    consumer = topics.kafka_consumer.model_copy(update={"max_unacknowledged": 2})
    return topics.model_copy(update={"kafka_consumer": consumer})


@pytest.mark.integration
async def test_a_topic_that_is_deleted_holds_up_no_other_and_ends_the_consumer_by_its_name(
    wide: Settings, consumer: MakeConsumer, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    chunks = topic_names(wide).chunks
    async with (
        asyncio.timeout(2 * RECEIVE_TIMEOUT_S),
        KafkaDataProducer(settings=wide) as producer,
        consumer(settings=wide, acknowledge="manual") as images,
    ):
        await producer.send_satellite_image(picture(20_000_001), {}, "s")
        in_chunks = await anext(images)
        await asyncio.to_thread(delete, wide, chunks)
        acknowledging = asyncio.create_task(in_chunks.ack())
        await asyncio.sleep(0)

        for n in range(2):
            receipt = await producer.send_satellite_image(picture(1_000, n), {}, "s")
            image = await anext(images)
            assert image.image_id == receipt.image_id
            await image.ack()

        monkeypatch.setattr(commit_pump, "TOPIC_GONE_S", 0.0)
        with pytest.raises(TopicMissing, match=f"topic {chunks} was deleted"):
            await anext(images)
        with pytest.raises(AcknowledgementLost):
            await acknowledging
    told = [each for each in caplog.messages if "could not be committed, trying" in each]
    assert len(told) == 1


class Coordinator:
    """What a pump needs of a consumer; answers are the test's."""

    def __init__(self) -> None:
        self.commits = 0

    def commit(self, **_: object) -> None:
        self.commits += 1


@pytest.fixture
def under_way() -> tuple[CommitPump, PartitionState, list[bool]]:
    """A pump with a commit under way, its partition, and what its waiter was told."""
    pump, told = CommitPump(lambda *_: pytest.fail("nothing is denied")), []
    state = PartitionState("images", 0, 5, CommitNote())
    pump.touch(state, told.append)
    coordinator: Any = Coordinator()
    pump.pump(coordinator)
    assert coordinator.commits == 1
    return pump, state, told


def answer_with_failure(pump: CommitPump, state: PartitionState) -> None:
    """Refuse the commit that is under way, and let the pump try again."""
    state.lost = True
    pump.answered(KafkaError(KafkaError.REBALANCE_IN_PROGRESS), [])
    deadline = time.monotonic() + 10
    while pump.busy and time.monotonic() < deadline:
        pump.pump(cast("Consumer", Coordinator()))
    assert not pump.busy


def test_what_the_last_commit_of_a_partition_stored_is_not_called_lost(
    under_way: tuple[CommitPump, PartitionState, list[bool]],
) -> None:
    pump, state, told = under_way
    pump.leave([state], committed=True)
    answer_with_failure(pump, state)
    assert told == [True]


def test_what_no_commit_of_a_partition_stored_is_called_lost(
    under_way: tuple[CommitPump, PartitionState, list[bool]],
) -> None:
    pump, state, told = under_way
    pump.leave([state], committed=False)
    answer_with_failure(pump, state)
    assert told == [False]


def test_a_commit_that_succeeds_after_its_partition_went_counts(
    under_way: tuple[CommitPump, PartitionState, list[bool]],
) -> None:
    pump, state, told = under_way
    pump.leave([state], committed=False)
    pump.answered(None, [])
    assert told == [True]
