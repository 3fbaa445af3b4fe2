"""What a producer has to know of topics and brokers before it sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka.admin import ClusterMetadata

from wildfire_bench.errors import TopicMissing
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.broker_limits import read_limits
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.routing import CarryingLimits
from wildfire_bench.streaming.topics import topic_names, topic_specs

__all__ = ["REQUEST_OVERHEAD_BYTES", "SendLimits", "read_send_limits", "require_topics"]

REQUEST_OVERHEAD_BYTES = 1_024
"""What a produce request adds to its one batch: client id, transactional id, topic, partition."""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Largest records by topic, in bytes."""

    carrying: CarryingLimits
    json_record_bytes: int


def read_send_limits(settings: Settings) -> SendLimits:
    """Ask the brokers what they take.

    A broker that does not tell (no right to describe configurations) is taken at the word of the
    topic profile. A request above ``socket.request.max.bytes`` would hang without a word until its
    time-out, so the smaller of the two limits counts.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    TopicMissing
        If an image topic does not exist.
    """
    names = topic_names(settings)
    expected = {spec.name: spec.max_message_bytes for spec in topic_specs(settings)}
    admin = open_admin(settings)
    _require(names.images, admin.list_topics(timeout=settings.kafka.connect_timeout_s))
    limits = read_limits(admin, names.images)

    def largest(topic: str) -> int:
        told = limits.topics.get(topic)
        in_topic = expected[topic] if told is None else told
        request = limits.socket_request_max_bytes
        return in_topic if request is None else min(in_topic, request - REQUEST_OVERHEAD_BYTES)

    return SendLimits(
        carrying=CarryingLimits(
            direct_record_bytes=largest(names.binary),
            chunk_record_bytes=largest(names.chunks),
            object_store=settings.s3.configured,
        ),
        json_record_bytes=largest(names.json),
    )


def require_topics(settings: Settings, topics: Sequence[str]) -> None:
    """Ask the brokers whether topics exist; blocks.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    TopicMissing
        If one does not exist.
    """
    _require(topics, open_admin(settings).list_topics(timeout=settings.kafka.connect_timeout_s))


def _require(topics: Sequence[str], metadata: ClusterMetadata) -> None:
    missing = [name for name in topics if name not in metadata.topics]
    if missing:
        msg = f"no topic {', '.join(missing)}: make it with `wildfire-bench topics create`"
        raise TopicMissing(msg)
