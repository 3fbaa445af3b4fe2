import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.doctor.checks import groups
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.connection import client_config, open_admin

pytestmark = pytest.mark.integration

RECORDS = 5


@pytest.fixture
def lane(settings, topics):
    """Partition 0 of a lane with `RECORDS` records in it."""
    topic = topics.lanes[DataType.CRITICAL_ALERTS]
    producer = Producer(client_config(settings.kafka))
    for _ in range(RECORDS):
        producer.produce(topic, partition=0, value=b"{}")
    assert producer.flush(30) == 0
    return TopicPartition(topic, 0)


@pytest.fixture
def group(settings):
    """A group's consumer, which has not joined."""
    name = f"{settings.topic_prefix}map"
    config = {"group.id": name, "enable.auto.commit": False, "session.timeout.ms": 6000}
    consumer = Consumer({**client_config(settings.kafka), **config})
    yield name, consumer
    consumer.close()


def commit(consumer, place, offset):
    at = TopicPartition(place.topic, place.partition, offset)
    consumer.commit(offsets=[at], asynchronous=False)


def test_without_groups_all_is_well(settings, topics):
    assert finding("groups.lag", settings).severity is Severity.OK


def test_a_group_that_is_past_everything_is_fine(settings, lane, group):
    commit(group[1], lane, RECORDS)
    found = finding("groups.lag", settings)
    assert (found.severity, found.text) == (Severity.OK, "1 group, 0 records behind")


def test_a_group_with_records_to_read_and_no_consumer_is_named(settings, lane, group):
    name, consumer = group
    commit(consumer, lane, 2)
    found = finding("groups.lag", settings)
    assert found.severity is Severity.WARN
    assert found.details == (f"{name}: 0 consumers, safe offsets {lane.topic}/0 (2 of 5)",)
    assert f"small records as {name}" in found.remedy


def test_a_group_with_images_to_read_and_no_consumer_is_told_how_to_receive_them(
    settings, topics, group
):
    name, consumer = group
    producer = Producer(client_config(settings.kafka))
    producer.produce(topics.binary, partition=0, value=b"x")
    assert producer.flush(30) == 0
    commit(consumer, TopicPartition(topics.binary, 0), 0)
    found = finding("groups.lag", settings)
    assert f"wildfire-bench receive --out incoming --group {name}" in found.remedy


def test_a_group_with_consumers_that_is_far_behind_is_named(settings, lane, group, monkeypatch):
    monkeypatch.setattr(groups, "MANY_RECORDS", 3)
    name, consumer = group
    commit(consumer, lane, 0)
    consumer.subscribe([lane.topic])
    deadline = time.monotonic() + 30
    while not consumer.assignment():
        assert time.monotonic() < deadline, "never joined"
        consumer.poll(0.1)
    found = finding("groups.lag", settings)
    assert (found.severity, found.details[0].partition(",")[0]) == ("warn", f"{name}: 1 consumer")


def test_records_that_were_removed_unread_fail(settings, lane, group):
    name, consumer = group
    commit(consumer, lane, 1)
    upto = TopicPartition(lane.topic, 0, 4)
    admin = open_admin(settings)
    admin.delete_records([upto])[upto].result()
    found = finding("groups.lag", settings)
    assert found.severity is Severity.FAIL
    assert found.details == (f"{name}: {lane.topic}/0 lost 3 records (committed 1, kept from 4)",)
