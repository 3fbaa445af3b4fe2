"""Three embedded brokers: replication at the guide's limits, and the loss of one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from wildfire_bench.stack import Stack, open_stack
from wildfire_bench.streaming.connection import client_config

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

JSON_TOPIC_BYTES = 52_428_800
RECORD_OVERHEAD_BYTES = 74


@pytest.fixture(scope="module")
def cluster() -> Iterator[Stack]:
    with open_stack("embedded", brokers=3, s3=False) as running:
        yield running


def _make_topic(cluster: Stack, name: str) -> None:
    topic = NewTopic(name, 1, 3, config={"max.message.bytes": str(JSON_TOPIC_BYTES)})
    admin = AdminClient(client_config(cluster.kafka))  # its futures live as long as it does
    admin.create_topics([topic])[name].result(timeout=20)


def _send(cluster: Stack, topic: str, size_bytes: int) -> KafkaError | None:
    producer = Producer(
        {
            **client_config(cluster.kafka),
            "acks": "all",
            "message.max.bytes": 2 * JSON_TOPIC_BYTES,
            "delivery.timeout.ms": 60_000,
            "topic.metadata.propagation.max.ms": 500,  # how long a topic may stay unknown
        }
    )
    outcomes: list[KafkaError | None] = []
    producer.produce(topic, os.urandom(size_bytes), on_delivery=lambda e, _: outcomes.append(e))
    producer.flush(60)
    (outcome,) = outcomes
    return outcome


def test_every_broker_is_a_process_of_its_own(cluster: Stack) -> None:
    assert len({broker.pid for broker in cluster.brokers}) == 3


def test_largest_record_is_replicated_to_all(cluster: Stack) -> None:
    _make_topic(cluster, "largest")
    assert _send(cluster, "largest", JSON_TOPIC_BYTES - RECORD_OVERHEAD_BYTES) is None


def test_one_byte_more_is_refused(cluster: Stack) -> None:
    _make_topic(cluster, "refused")
    error = _send(cluster, "refused", JSON_TOPIC_BYTES - RECORD_OVERHEAD_BYTES + 1)
    assert error is not None
    assert error.name() == "MSG_SIZE_TOO_LARGE"


def test_misspelt_topic_is_not_made(cluster: Stack) -> None:
    error = _send(cluster, "misspelt", 1)
    assert error is not None
    assert error.name() in {"_UNKNOWN_TOPIC", "UNKNOWN_TOPIC_OR_PART"}


def test_records_are_taken_while_one_broker_is_dead_and_it_comes_back(cluster: Stack) -> None:
    _make_topic(cluster, "survives")
    dead = cluster.brokers[1]
    dead.kill()
    try:
        assert dead.pid is None
        assert _send(cluster, "survives", 1_000_000) is None
    finally:
        dead.start()
    assert dead.pid is not None
