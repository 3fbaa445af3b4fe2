import time

import pytest
from confluent_kafka import Producer

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.streaming.connection import client_config, open_admin

pytestmark = pytest.mark.integration


def off_by(seconds):
    return {"clock": lambda: time.time() + seconds, "write": True}


@pytest.mark.parametrize("name", ["clocks.store", "clocks.records", "clocks.brokers"])
def test_one_machine_agrees_with_itself(settings, topics, name):
    assert finding(name, settings, **off_by(0)).severity is Severity.OK


@pytest.mark.parametrize(
    ("name", "seconds", "severity", "told"),
    [
        ("clocks.store", 60, Severity.WARN, "ahead of the store"),
        ("clocks.store", -3600, Severity.FAIL, "behind the store"),
        ("clocks.brokers", 60, Severity.WARN, "ahead of the broker"),
        ("clocks.brokers", -60, Severity.WARN, "behind the broker"),
    ],
)
def test_a_clock_that_is_off_is_told_which_way(settings, name, seconds, severity, told):
    found = finding(name, settings, **off_by(seconds))
    assert (found.severity, told in found.text) == (severity, True)


def test_a_record_from_the_future_is_told(settings, topics):
    producer = Producer(client_config(settings.kafka))
    ahead_ms = int((time.time() + 600) * 1000)
    producer.produce(topics.binary, value=b"x", timestamp=ahead_ms)
    assert producer.flush(30) == 0
    found = finding("clocks.records", settings)
    assert (found.severity, "10 min ahead" in found.text) == (Severity.WARN, True)


def test_the_brokers_are_not_asked_unless_writing_is_allowed(settings):
    assert finding("clocks.brokers", settings).severity is Severity.SKIPPED


def test_the_topic_of_the_moment_is_gone_afterwards(settings):
    finding("clocks.brokers", settings, write=True)
    deadline = time.monotonic() + 30
    prefix = f"{settings.topic_prefix}wildfire-doctor-"
    admin = open_admin(settings)
    while any(name.startswith(prefix) for name in admin.list_topics(timeout=10).topics):
        assert time.monotonic() < deadline, "still there"
