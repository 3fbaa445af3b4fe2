"""What the last commit of a consumer stores where a topic of it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tests.streaming.conftest import RECEIVE_TIMEOUT_S, picture
from tests.streaming.receiving.test_commit_pump import delete
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.settings import RoutingSettings, Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.receiving import last_commit
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.last_commit import commit_last
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.topics import topic_names, topic_specs

MakeConsumer = Callable[..., SatelliteImageConsumer]


@pytest.mark.integration
async def test_a_consumer_that_leaves_stores_what_a_deleted_topic_would_have_refused_with_it(
    topics: Settings, consumer: MakeConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = topics.model_copy(
        update={
            "kafka_consumer": topics.kafka_consumer.model_copy(update={"max_unacknowledged": 2}),
            "routing": RoutingSettings(direct_max_bytes=1_000, chunked_max_bytes=100_000),
        }
    )
    async with asyncio.timeout(2 * RECEIVE_TIMEOUT_S), KafkaDataProducer(settings=wide) as producer:
        async with consumer(settings=wide, acknowledge="manual") as images:
            in_chunks = await producer.send_satellite_image(picture(2_000), {}, "s")
            await producer.send_satellite_image(picture(1_000), {}, "s")
            held = {image.image_id: image for image in [await anext(images), await anext(images)]}
            await asyncio.to_thread(delete, wide, topic_names(wide).chunks)
            monkeypatch.setattr(CommitPump, "pump", lambda *_: None)  # the last commit is alone
            acks = {name: asyncio.create_task(image.ack()) for name, image in held.items()}
            await asyncio.sleep(0)
        with pytest.raises(AcknowledgementLost):
            await acks.pop(in_chunks.image_id)
        (direct,) = acks.values()
        await direct
        monkeypatch.undo()

        ensure_topics(open_admin(wide), topic_specs(wide))
        fresh = await producer.send_satellite_image(picture(900, seed=1), {}, "s")
        async with consumer(settings=wide) as images:
            assert (await anext(images)).image_id == fresh.image_id


class Brokers:
    """What the last commit needs of a consumer; refuses commits with one of the topics in it."""

    def __init__(self, *refused: str) -> None:
        self.refused = set(refused)
        self.asked: list[list[str]] = []

    def commit(self, offsets: Sequence[TopicPartition], **_: object) -> list[TopicPartition]:
        self.asked.append([each.topic for each in offsets])
        if self.refused.intersection(self.asked[-1]):
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        return list(offsets)


@pytest.fixture
def states() -> list[PartitionState]:
    """Two topics in turns, and a partition of which there is nothing to commit."""
    where = [("a", 0, 5), ("b", 0, 5), ("a", 1, 5), ("c", 0, -1)]
    return [PartitionState(*each, CommitNote()) for each in where]


def stored(states: list[PartitionState], brokers: Any) -> list[tuple[str, int]]:
    kept = commit_last(brokers, states)
    return [state.scope for state in states if state in kept]


def test_one_commit_is_enough_where_nothing_is_refused(states: list[PartitionState]) -> None:
    brokers = Brokers()
    assert stored(states, brokers) == [("a", 0), ("b", 0), ("a", 1), ("c", 0)]
    assert brokers.asked == [["a", "b", "a"]]


def test_each_topic_is_committed_by_itself_once_all_were_refused(
    states: list[PartitionState], caplog: pytest.LogCaptureFixture
) -> None:
    brokers = Brokers("a")
    assert stored(states, brokers) == [("b", 0), ("c", 0)]
    assert brokers.asked == [["a", "b", "a"], ["a", "a"], ["b"]]
    assert caplog.messages == ["a: offsets could not be committed while leaving"]


def test_what_there_was_no_time_to_commit_is_not_called_stored(
    states: list[PartitionState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_commit, "LAST_COMMIT_S", -1.0)
    brokers = Brokers("a")
    assert stored(states, brokers) == []
    assert brokers.asked == [["a", "b", "a"]]
