"""How large a record the brokers take, read from them, and how that can be raised."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from wildfire_bench.errors import InputError, TransportError
from wildfire_bench.streaming.administration.topic_admin import (
    REQUEST_TIMEOUT_S,
    ConfigOrRefusal,
    resource_config,
)

__all__ = [
    "GUIDE_MESSAGE_MAX_BYTES",
    "BrokerLimits",
    "LimitChange",
    "LimitOutcome",
    "raise_limits",
    "read_limits",
]

GUIDE_MESSAGE_MAX_BYTES = 52_428_800
"""What the guide's section 8 raises the brokers to: 50 MiB."""

MESSAGE_MAX = "message.max.bytes"
REQUEST_MAX = "socket.request.max.bytes"
REPLICA_FETCH = "replica.fetch.max.bytes"
TOPIC_MAX = "max.message.bytes"

IN_FORCE_TIMEOUT_S = 30.0
"""How long a raised limit may take until every broker tells it."""
POLL_INTERVAL_S = 0.05

_READ_ONLY_ADVICE = {
    REPLICA_FETCH: (
        "read-only while a broker runs: set it in server.properties "
        "(KAFKA_REPLICA_FETCH_MAX_BYTES in docker-compose.yml) and restart; replication works "
        "without it, since a follower always gets at least one batch, only slower"
    ),
    REQUEST_MAX: (
        "read-only while a broker runs: set it in server.properties "
        "(KAFKA_SOCKET_REQUEST_MAX_BYTES in docker-compose.yml) and restart; above it a send "
        "hangs until its time-out"
    ),
}


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """Limits in bytes, the smallest of all brokers; None where they could not be read."""

    message_max_bytes: int | None
    """``message.max.bytes``: a batch, on topics without a limit of their own."""
    socket_request_max_bytes: int | None
    """``socket.request.max.bytes``: a request; above it a send hangs until its time-out."""
    replica_fetch_max_bytes: int | None
    """``replica.fetch.max.bytes``: what a follower asks for at a time."""
    topics: Mapping[str, int | None]
    """``max.message.bytes`` by topic: a batch, as the broker counts it."""
    unread: Mapping[str, str]
    """Why a limit is None: by the setting's or topic's name."""


class LimitOutcome(StrEnum):
    """What `raise_limits` could do for one setting."""

    RAISED = "raised"
    UNCHANGED = "unchanged"
    READ_ONLY = "read-only"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class LimitChange:
    """What became of one limit."""

    key: str
    before_bytes: int | None
    after_bytes: int | None
    outcome: LimitOutcome
    advice: str | None = None
    """What remains to be done by hand."""


def read_limits(admin: AdminClient, topics: Iterable[str] = ()) -> BrokerLimits:
    """Read the limits of brokers and topics.

    Parameters
    ----------
    admin
        From `wildfire_bench.streaming.connection.open_admin`.
    topics
        Topics whose limit is wanted.

    Returns
    -------
    BrokerLimits
        With a reason for each that the brokers hide; never an error for that.
    """
    names = list(topics)
    brokers = sorted(admin.list_topics(timeout=REQUEST_TIMEOUT_S).brokers)
    configs = resource_config(
        admin,
        [ConfigResource(ConfigResource.Type.BROKER, str(broker)) for broker in brokers]
        + [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names],
    )
    unread: dict[str, str] = {}
    of_brokers = dict(zip((f"broker {each}" for each in brokers), configs, strict=False))
    topic_limits = {
        name: _smallest(TOPIC_MAX, {f"topic {name}": config}, unread, name)
        for name, config in zip(names, configs[len(brokers) :], strict=True)
    }
    return BrokerLimits(
        message_max_bytes=_smallest(MESSAGE_MAX, of_brokers, unread, MESSAGE_MAX),
        socket_request_max_bytes=_smallest(REQUEST_MAX, of_brokers, unread, REQUEST_MAX),
        replica_fetch_max_bytes=_smallest(REPLICA_FETCH, of_brokers, unread, REPLICA_FETCH),
        topics=MappingProxyType(topic_limits),
        unread=MappingProxyType(unread),
    )


def raise_limits(
    admin: AdminClient, max_bytes: int = GUIDE_MESSAGE_MAX_BYTES
) -> tuple[LimitChange, ...]:
    """Raise what the guide's section 8 raises, as far as a running broker allows.

    Parameters
    ----------
    admin
        An administration client; needs the permission to alter the cluster.
    max_bytes
        New value of ``message.max.bytes``; a larger one stays.

    Returns
    -------
    tuple of LimitChange
        For ``message.max.bytes``, which is raised on every broker of the cluster (one that joins
        later has its own file's value), and for ``replica.fetch.max.bytes`` and
        ``socket.request.max.bytes``, which are read-only at run time although the guide's command
        names the former: with what to do.

    Raises
    ------
    InputError
        If `max_bytes` is not a positive 32-bit number.
    TransportError
        If the brokers refuse.
    """
    if not 0 < max_bytes < 1 << 31:
        msg = f"{MESSAGE_MAX} takes 1 to 2,147,483,647 bytes, not {max_bytes:,}"
        raise InputError(msg)
    before = read_limits(admin)
    changes = [_raise_message_max(admin, before, max_bytes)]
    for key, value in (
        (REPLICA_FETCH, before.replica_fetch_max_bytes),
        (REQUEST_MAX, before.socket_request_max_bytes),
    ):
        if value is None:
            changes.append(
                LimitChange(key, None, None, LimitOutcome.UNREAD, before.unread.get(key))
            )
        elif value >= max_bytes:
            changes.append(LimitChange(key, value, value, LimitOutcome.UNCHANGED))
        else:
            advice = _READ_ONLY_ADVICE[key]
            changes.append(LimitChange(key, value, value, LimitOutcome.READ_ONLY, advice))
    return tuple(changes)


def _smallest(
    key: str,
    configs: Mapping[str, ConfigOrRefusal],
    unread: dict[str, str],
    label: str,
) -> int | None:
    values = []
    for owner, config in configs.items():
        if isinstance(config, KafkaError):
            unread[label] = f"{owner} refuses to tell ({config.name()}: {config.str()})"
            return None
        entry = config.get(key)
        if entry is None or entry.value is None:
            unread[label] = f"{owner} does not tell its {key}"
            return None
        values.append(int(entry.value))
    return min(values)


def _raise_message_max(admin: AdminClient, before: BrokerLimits, max_bytes: int) -> LimitChange:
    found = before.message_max_bytes
    if found is not None and found >= max_bytes:
        return LimitChange(MESSAGE_MAX, found, found, LimitOutcome.UNCHANGED)
    # librdkafka takes no empty name, which is what kafka-configs.sh --entity-default sends, so
    # each broker is altered by itself.
    resources = [
        ConfigResource(
            ConfigResource.Type.BROKER,
            str(broker),
            incremental_configs=[
                ConfigEntry(
                    MESSAGE_MAX, str(max_bytes), incremental_operation=AlterConfigOpType.SET
                )
            ],
        )
        for broker in admin.list_topics(timeout=REQUEST_TIMEOUT_S).brokers
    ]
    # One broker a call: librdkafka sends each broker's settings to that broker.
    for resource in resources:
        futures = admin.incremental_alter_configs([resource], request_timeout=REQUEST_TIMEOUT_S)
        try:
            futures[resource].result()
        except KafkaException as error:
            msg = (
                f"broker {resource.name} refuses to raise {MESSAGE_MAX} "
                f"({error.args[0].str()}): ask for the permission to alter the cluster"
            )
            raise TransportError(msg) from error
    _wait_until_in_force(admin, max_bytes)
    advice = f"topics with {TOPIC_MAX} of their own keep it"
    return LimitChange(MESSAGE_MAX, found, max_bytes, LimitOutcome.RAISED, advice)


def _wait_until_in_force(admin: AdminClient, max_bytes: int) -> None:
    """Wait until every broker tells the new value; they learn it from the controller's log."""
    deadline = time.monotonic() + IN_FORCE_TIMEOUT_S
    while (now := read_limits(admin).message_max_bytes) is not None and now < max_bytes:
        if time.monotonic() > deadline:
            msg = (
                f"a broker still tells {MESSAGE_MAX}={now:,} {IN_FORCE_TIMEOUT_S:g} s after it was "
                "raised: look into its log"
            )
            raise TransportError(msg)
        time.sleep(POLL_INTERVAL_S)
