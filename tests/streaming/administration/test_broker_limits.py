import pytest
from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.errors import InputError, TransportError
from wildfire_bench.streaming.administration.broker_limits import (
    LimitOutcome,
    raise_limits,
    read_limits,
)
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_names, topic_specs


class ClosedBroker:
    """An administration client whose broker tells nothing and changes nothing."""

    def __init__(self, refusal: KafkaError | None, config: dict | None = None) -> None:
        self.refusal = refusal
        self.config = config or {}

    def list_topics(self, timeout):
        return type("Metadata", (), {"brokers": {1: None}})()

    def describe_configs(self, resources, request_timeout):
        return dict.fromkeys(resources, self)

    def incremental_alter_configs(self, resources, request_timeout):
        return dict.fromkeys(resources, self)

    def result(self):
        if self.refusal:
            raise KafkaException(self.refusal)
        return self.config


DENIED = KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED)


def test_limits_behind_an_acl_are_none_with_the_reason():
    limits = read_limits(ClosedBroker(DENIED), ["images"])
    assert limits.message_max_bytes is None
    assert "CLUSTER_AUTHORIZATION_FAILED" in limits.unread["message.max.bytes"]


def test_limits_that_a_managed_broker_hides_are_none_with_the_reason():
    limits = read_limits(ClosedBroker(None), ["images"])
    assert limits.unread["images"] == "topic images does not tell its max.message.bytes"


def test_a_refusal_to_raise_says_which_broker_and_why():
    with pytest.raises(TransportError, match=r"broker 1 refuses to raise message\.max\.bytes"):
        raise_limits(ClosedBroker(DENIED))


@pytest.mark.parametrize("size", [0, 1 << 31])
def test_a_limit_that_kafka_cannot_hold_is_refused(size):
    with pytest.raises(InputError, match="2,147,483,647"):
        raise_limits(ClosedBroker(DENIED), size)


@pytest.fixture
def admin(settings):
    return open_admin(settings)


@pytest.mark.integration
def test_topic_limits_are_those_of_the_specification(admin, settings):
    ensure_topics(admin, topic_specs(settings))
    names = topic_names(settings)
    limits = read_limits(admin, [names.binary, names.chunks])
    assert dict(limits.topics) == {names.binary: 20_971_520, names.chunks: 10_485_760}


@pytest.mark.integration
def test_every_broker_limit_is_read(admin):
    limits = read_limits(admin)
    assert dict(limits.unread) == {}


@pytest.mark.integration
def test_a_raised_limit_is_in_force_at_once(admin):
    wanted = read_limits(admin).message_max_bytes + 1
    raise_limits(admin, wanted)
    assert read_limits(admin).message_max_bytes == wanted


@pytest.mark.integration
def test_limits_are_never_lowered(admin):
    (message_max, *_) = raise_limits(admin, 1024)
    assert message_max.outcome is LimitOutcome.UNCHANGED


@pytest.mark.integration
def test_read_only_limits_are_explained(admin):
    (_, *read_only) = raise_limits(admin, read_limits(admin).socket_request_max_bytes + 1)
    assert [(each.outcome, each.advice.partition(":")[0]) for each in read_only] == [
        (LimitOutcome.READ_ONLY, "read-only while a broker runs"),
        (LimitOutcome.READ_ONLY, "read-only while a broker runs"),
    ]
