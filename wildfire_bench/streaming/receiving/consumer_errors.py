"""What librdkafka reports to a consumer: most passes, some ends it."""

from __future__ import annotations

import logging
from typing import Final

from confluent_kafka import KafkaError

from wildfire_bench.errors import BrokerUnavailable, TransportError
from wildfire_bench.settings import Settings

__all__ = ["raise_if_permanent"]

log = logging.getLogger(__name__)

_PERMANENT: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's own names
        KafkaError._INVALID_ARG,  # noqa: SLF001
    }
)


def raise_if_permanent(error: KafkaError, settings: Settings) -> None:
    """Raise what no waiting cures, and log the rest: librdkafka tries again by itself.

    Raises
    ------
    BrokerUnavailable, TransportError
        In words, with the brokers' addresses.
    """
    if not error.fatal() and error.code() not in _PERMANENT:
        log.warning("Kafka reports: %s", error.str())
        return
    servers = settings.kafka.bootstrap_servers
    if error.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's own name
        msg = f"no broker of {servers} answers: is Kafka running?"
        raise BrokerUnavailable(msg)
    msg = f"receiving from {servers} ended: {error.str()}"
    raise TransportError(msg)
