import pytest

from tests.doctor.examining import alter, finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.streaming.administration.broker_limits import read_limits
from wildfire_bench.streaming.connection import open_admin


def test_nobody_there_fails_and_says_how_to_start_one():
    kafka = KafkaSettings(bootstrap_servers="127.0.0.1:1", connect_timeout_s=0.5)
    found = finding("brokers.reachable", Settings(kafka=kafka))
    assert (found.severity, "wildfire-bench stack up" in found.remedy) == (Severity.FAIL, True)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["brokers.reachable", "brokers.limits"])
def test_the_stack_is_fine(settings, topics, name):
    assert finding(name, settings).severity is Severity.OK


@pytest.fixture
def low_message_max(settings):
    """Brokers that take a megabyte, as they do when nobody sets anything."""
    admin = open_admin(settings)
    before = read_limits(admin).message_max_bytes
    brokers = [str(each) for each in admin.list_topics(timeout=10).brokers]
    for broker in brokers:
        alter(settings, "BROKER", broker, message_max_bytes="1048588")
    yield
    for broker in brokers:
        alter(settings, "BROKER", broker, message_max_bytes=str(before))


@pytest.mark.integration
def test_a_low_limit_is_a_warning_with_the_command_that_raises_it(settings, low_message_max):
    found = finding("brokers.limits", settings)
    assert (found.severity, found.remedy) == (
        Severity.WARN,
        "wildfire-bench topics limits --raise",
    )


@pytest.mark.integration
def test_a_topic_that_takes_more_than_a_request_may_hold_fails(settings, topics):
    alter(settings, "TOPIC", topics.json, max_message_bytes="209715200")
    found = finding("brokers.limits", settings)
    assert (found.severity, found.details) == (
        Severity.FAIL,
        (f"{topics.json}: max.message.bytes 209,715,200",),
    )
