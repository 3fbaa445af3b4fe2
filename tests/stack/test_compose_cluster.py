"""Three brokers in real containers: the cluster profile of docker-compose.yml."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import NewTopic

from tests.stack.containers import running_containers
from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack, open_stack
from wildfire_bench.streaming.connection import client_config, open_admin

pytestmark = [pytest.mark.integration, pytest.mark.docker, pytest.mark.timeout(180)]

JSON_TOPIC_BYTES = 52_428_800
RECORD_OVERHEAD_BYTES = 74


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("compose-cluster")
    with (
        running_containers(folder, "--brokers", "3", "--no-s3"),
        open_stack("compose", brokers=3, s3=False) as running,
    ):
        yield running


def test_largest_record_is_replicated_to_all(cluster: Stack) -> None:
    limit = {"max.message.bytes": str(JSON_TOPIC_BYTES)}
    admin = open_admin(cluster.apply(Settings()))
    admin.create_topics([NewTopic("largest", 1, 3, config=limit)])["largest"].result(timeout=20)
    producer = Producer(
        {**client_config(cluster.kafka), "acks": "all", "message.max.bytes": 2 * JSON_TOPIC_BYTES}
    )
    errors: list[KafkaError | None] = []
    record = os.urandom(JSON_TOPIC_BYTES - RECORD_OVERHEAD_BYTES)
    producer.produce("largest", record, on_delivery=lambda e, _: errors.append(e))
    producer.flush(90)
    assert errors == [None]


def test_every_broker_is_counted(cluster: Stack) -> None:
    assert len({broker.pid for broker in cluster.brokers}) == 3
    assert ServerProbe(cluster.brokers, "brokers").cpu_s()
