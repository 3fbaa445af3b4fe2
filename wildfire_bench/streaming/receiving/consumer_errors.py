"""What librdkafka reports to a consumer: most passes, some ends it."""

from __future__ import annotations

import logging
from typing import Final

from confluent_kafka import KafkaError

from wildfire_bench.errors import AccessDenied, BrokerUnavailable, TransportError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.rights import Right, access_denied, is_denial

__all__ = ["denied_to_group", "raise_if_permanent", "read_denied"]

log = logging.getLogger(__name__)

_PERMANENT: Final = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's own names
        KafkaError._INVALID_ARG,  # noqa: SLF001
    }
)


def read_denied(settings: Settings, topic: str) -> AccessDenied:
    """The error for a topic that may not be read."""
    return access_denied(settings.kafka, Right("Read", "topic", topic))


def denied_to_group(
    settings: Settings, group_id: str, error: KafkaError, topic: str | None
) -> AccessDenied:
    """The error for what the brokers deny a consumer of a group: the group itself, or a topic."""
    if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return access_denied(settings.kafka, Right("Read", "group", group_id))
    return read_denied(settings, topic or "that it subscribes to")


def raise_if_permanent(
    error: KafkaError, settings: Settings, topic: str | None, group_id: str
) -> None:
    """Raise what no waiting cures, and log the rest: librdkafka tries again by itself.

    Parameters
    ----------
    error
        As the message has it.
    settings
        How the brokers are spoken to.
    topic
        Of the message; None where it has none.
    group_id
        Of the consumer.

    Raises
    ------
    AccessDenied, BrokerUnavailable, TransportError
        In words, with the brokers' addresses.
    """
    if is_denial(error):
        raise denied_to_group(settings, group_id, error, topic)
    if not error.fatal() and error.code() not in _PERMANENT:
        log.warning("Kafka reports: %s", error.str())
        return
    servers = settings.kafka.bootstrap_servers
    if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's own name
        msg = f"no broker of {servers} answers: is Kafka running?"
        raise BrokerUnavailable(msg)
    msg = f"receiving from {servers} ended: {error.str()}"
    raise TransportError(msg)
