"""What a producer has to know of topics and brokers before it sends."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from wildfire_bench.errors import TopicMissing
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.broker_limits import read_limits
from wildfire_bench.streaming.administration.rights import Right, access_denied, is_denial
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.routing import CarryingLimits
from wildfire_bench.streaming.topics import topic_names, topic_specs

__all__ = ["REQUEST_OVERHEAD_BYTES", "SendLimits", "read_send_limits", "require_topics"]

log = logging.getLogger(__name__)

REQUEST_OVERHEAD_BYTES = 1_024
"""What a produce request adds to its one batch: client id, transactional id, topic, partition."""


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Largest records by topic, in bytes."""

    carrying: CarryingLimits
    json_record_bytes: int
    item_record_bytes: int
    """Of the metadata topic."""


def read_send_limits(settings: Settings) -> SendLimits:
    """Ask the brokers what they take.

    A broker that does not tell (no right to describe configurations) is taken at the word of the
    topic profile, with a warning. A request above ``socket.request.max.bytes`` would hang without a
    word until its time-out, so the smaller of the two limits counts.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    AccessDenied
        If an image topic may not be described.
    TopicMissing
        If an image topic does not exist.
    """
    names = topic_names(settings)
    expected = {spec.name: spec.max_message_bytes for spec in topic_specs(settings)}
    admin = open_admin(settings)
    _require(admin, settings, write=names.images)
    limits = read_limits(admin, names.images)
    if limits.unread:
        assumed = ", ".join(f"{name} {expected[name]:,}" for name in names.images)
        log.warning(
            "the brokers do not tell their limits (%s): going by what topics are made with (%s)",
            "; ".join(dict.fromkeys(limits.unread.values())),
            assumed,
        )

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
        item_record_bytes=largest(names.metadata),
    )


def require_topics(
    settings: Settings, *, read: Sequence[str] = (), write: Sequence[str] = ()
) -> None:
    """Ask the brokers whether topics exist; blocks.

    Parameters
    ----------
    settings
        Brokers.
    read, write
        Topics, by what is to be done with them.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    AccessDenied
        If one may not be described, which the rights to read and to write hold.
    TopicMissing
        If one does not exist.
    """
    _require(open_admin(settings), settings, read=read, write=write)


def _require(
    admin: AdminClient, settings: Settings, *, read: Sequence[str] = (), write: Sequence[str] = ()
) -> None:
    timeout_s = settings.kafka.connect_timeout_s
    found = admin.list_topics(timeout=timeout_s).topics
    rights = [Right("Read", "topic", name) for name in read]
    rights += [Right("Write", "topic", name) for name in write]
    missing = [right for right in rights if right.name not in found]
    denied_names = _denied(admin, [right.name for right in missing], timeout_s)
    denied = [right for right in missing if right.name in denied_names]
    if denied:
        raise access_denied(settings.kafka, *denied)
    if missing:
        names = ", ".join(right.name for right in missing)
        msg = f"no topic {names}: make it with `wildfire-bench topics create`"
        raise TopicMissing(msg)


def _denied(admin: AdminClient, topics: Sequence[str], timeout_s: float) -> set[str]:
    """Those that are not missing but hidden: asked for by name, the brokers say so."""
    if not topics:
        return set()
    answers = admin.describe_topics(TopicCollection(list(topics)), request_timeout=timeout_s)
    refused = {name: answer.exception(timeout_s) for name, answer in answers.items()}
    return {
        name
        for name, error in refused.items()
        if isinstance(error, KafkaException) and is_denial(error.args[0])
    }
