"""Which rights each role needs on the brokers, and the error for one that is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaError

from wildfire_bench.errors import AccessDenied, InputError
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.streaming.topics import topic_names, topic_specs

__all__ = ["Right", "Role", "access_denied", "is_denial", "rights_of"]

CLUSTER = "kafka-cluster"
"""Kafka's own name of the one cluster resource."""
_DENIALS = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)


class Role(StrEnum):
    """Who does what."""

    PRODUCER = "producer"
    CONSUMER = "consumer"
    OPERATOR = "operator"
    VERIFIER = "verifier"
    """`wildfire-bench verify`: topics of its own, which it makes and removes."""


@dataclass(frozen=True, slots=True)
class Right:
    """One operation on one resource; in Kafka, the right to read or write holds that to describe.

    `pattern` is ``literal``, or ``prefixed`` for all whose name begins with `name`.
    """

    operation: str
    """As ``kafka-acls.sh --operation`` has it."""
    resource: str
    """``topic``, ``group`` or ``cluster``."""
    name: str
    pattern: str = "literal"

    def __str__(self) -> str:
        if self.resource == "cluster":
            return f"{self.operation} on the cluster"
        if self.pattern == "prefixed":
            return f"{self.operation} on every {self.resource} named {self.name}..."
        return f"{self.operation} on {self.resource} {self.name}"


def rights_of(role: Role, settings: Settings, group_id: str | None = None) -> tuple[Right, ...]:
    """What a role needs, and no more.

    Parameters
    ----------
    role
        Who.
    settings
        Its ``topic_prefix`` is in the names.
    group_id
        Consumer group; for `Role.CONSUMER` only.

    Returns
    -------
    tuple of Right
        ``DescribeConfigs`` of producers is for reading limits: without it they go by what the
        topics were made with, and warn. ``IdempotentWrite`` is not among them: from Kafka 2.8 on,
        the right to write to a topic holds it.

    Raises
    ------
    InputError
        If a consumer's group is not given.
    """
    names = topic_names(settings)
    lanes = tuple(names.lanes.values())
    if role is Role.PRODUCER:
        return (
            *_on_topics("Write", (*names.images, *lanes)),
            *_on_topics("DescribeConfigs", names.images),
            Right("DescribeConfigs", "cluster", CLUSTER),
        )
    if role is Role.CONSUMER:
        if not group_id:
            msg = "a consumer's rights are those of its group: name it (--group)"
            raise InputError(msg)
        return (
            *_on_topics("Read", (*names.images, *lanes)),
            Right("Read", "group", group_id),
            *_on_topics("Write", (names.dead_letters,)),
        )
    if role is Role.OPERATOR:
        every = [spec.name for spec in topic_specs(settings)]
        return (
            *(
                right
                for operation in ("Create", "DescribeConfigs", "Read", "Write")
                for right in _on_topics(operation, every)
            ),
            Right("DescribeConfigs", "cluster", CLUSTER),
            Right("AlterConfigs", "cluster", CLUSTER),
        )
    own = f"{settings.topic_prefix[:40]}verify-"
    on_topics = ("Create", "Delete", "DescribeConfigs", "Read", "Write")
    return (
        *(Right(operation, "topic", own, "prefixed") for operation in on_topics),
        *(Right(operation, "group", own, "prefixed") for operation in ("Read", "Delete")),
        Right("DescribeConfigs", "cluster", CLUSTER),
    )


def is_denial(error: KafkaError) -> bool:
    """Whether the brokers denied a right."""
    return error.code() in _DENIALS


def access_denied(kafka: KafkaSettings, *rights: Right) -> AccessDenied:
    """The error for rights that the brokers deny, with what to do.

    Parameters
    ----------
    kafka
        As whom they were asked.
    rights
        That are missing.
    """
    who = kafka.sasl_username or kafka.sasl_oauth_client_id or "this client"
    what = ", ".join(str(right) for right in rights)
    return AccessDenied(
        f"Kafka at {kafka.bootstrap_servers} denies {who} the right to {what}: add the ACL "
        "(`wildfire-bench topics acls` lists those of each role)"
    )


def _on_topics(operation: str, names: Iterable[str]) -> tuple[Right, ...]:
    return tuple(Right(operation, "topic", name) for name in names)
