"""How clients reach the brokers: librdkafka's configuration, and a first answer or an error."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from wildfire_bench.errors import BrokerUnavailable
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.settings_sources import load_settings

__all__ = ["LIBRDKAFKA_LOGGER", "client_config", "open_admin", "settings_for"]

LIBRDKAFKA_LOGGER = "wildfire_bench.librdkafka"
"""Name of the logger that librdkafka's own messages go to."""

REPEAT_INTERVAL_S = 60.0
"""How often one and the same message of librdkafka is let through."""

MAX_REMEMBERED_MESSAGES = 256
"""Distinct messages that the repeat filter remembers."""

MAX_REMEMBERED_ERRORS = 32
"""Errors of a connection attempt that are kept to tell its cause."""

_REFUSED = frozenset(
    {
        "_AUTHENTICATION",
        "_SSL",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
    }
)
"""Names of errors that no waiting cures."""


def client_config(kafka: KafkaSettings) -> dict[str, Any]:
    """Translate the connection settings to librdkafka's names.

    Parameters
    ----------
    kafka
        How to reach and authenticate to the brokers.

    Returns
    -------
    dict
        A new dictionary for any confluent-kafka client, to be added to. It holds passwords in
        the clear: never log it. Its ``logger`` keeps librdkafka off standard error, where it
        would print a line for every failed connection attempt, some twenty a second.
    """
    config: dict[str, Any] = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": kafka.client_id,
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.username": kafka.sasl_username,
        "sasl.password": kafka.sasl_password and kafka.sasl_password.get_secret_value(),
        "ssl.ca.location": kafka.ssl_ca_location and str(kafka.ssl_ca_location),
        "ssl.certificate.location": (
            kafka.ssl_certificate_location and str(kafka.ssl_certificate_location)
        ),
        "ssl.key.location": kafka.ssl_key_location and str(kafka.ssl_key_location),
        "ssl.key.password": kafka.ssl_key_password and kafka.ssl_key_password.get_secret_value(),
        "logger": _librdkafka_logger(),
    }
    return {key: value for key, value in config.items() if value is not None}


def settings_for(bootstrap_servers: str | None, settings: Settings | None) -> Settings:
    """Settings of a client: those given, or the program's, pointed at the brokers given.

    Parameters
    ----------
    bootstrap_servers
        Brokers, ``host:port`` with commas; None leaves the settings'.
    settings
        None reads ``streaming_config.yaml`` and the environment.
    """
    found = load_settings().settings if settings is None else settings
    if bootstrap_servers is None:
        return found
    kafka = found.kafka.model_copy(update={"bootstrap_servers": bootstrap_servers})
    return found.model_copy(update={"kafka": kafka})


def open_admin(settings: Settings) -> AdminClient:
    """Connect an administration client, and wait until a broker has answered it.

    Parameters
    ----------
    settings
        Its ``kafka`` part is used.

    Returns
    -------
    AdminClient
        Needs no closing: it goes with its last reference.

    Raises
    ------
    BrokerUnavailable
        If no broker answers within ``kafka.connect_timeout_s``, or one refuses the credentials;
        then at once.
    """
    kafka = settings.kafka
    errors: deque[KafkaError] = deque(maxlen=MAX_REMEMBERED_ERRORS)
    config = {**client_config(kafka), "error_cb": errors.append}
    admin = AdminClient(config)
    deadline = time.monotonic() + kafka.connect_timeout_s
    patience_s = 0.5
    while (remaining_s := deadline - time.monotonic()) > 0:
        try:
            admin.list_topics(timeout=min(patience_s, remaining_s))
        except KafkaException:
            admin.poll(0)  # runs error_cb: the cause is told there, not in the exception
            _refuse_if_refused(kafka, errors)
            # Longer each time, for a broker whose answer itself is slow.
            patience_s *= 2
        else:
            return admin
    raise BrokerUnavailable(_unreachable(kafka, errors))


def _refuse_if_refused(kafka: KafkaSettings, errors: Iterable[KafkaError]) -> None:
    for error in errors:
        if error.name() in _REFUSED:
            msg = (
                f"Kafka at {kafka.bootstrap_servers} refused the connection ({error.str()}): "
                "check kafka.security_protocol, kafka.sasl_* and kafka.ssl_*"
            )
            raise BrokerUnavailable(msg)


def _unreachable(kafka: KafkaSettings, errors: Iterable[KafkaError]) -> str:
    seen = [error.str() for error in errors if error.name() != "_ALL_BROKERS_DOWN"]
    cause = f" ({seen[-1]})" if seen else ""
    remedy = (
        "check kafka.security_protocol and kafka.ssl_*"
        if "SSL" in cause
        else "start one with `wildfire-bench stack up`, or pass the address that "
        "`wildfire-bench stack status` shows (kafka.bootstrap_servers, KAFKA_BOOTSTRAP_SERVERS)"
    )
    return (
        f"no Kafka broker answered at {kafka.bootstrap_servers} within "
        f"{kafka.connect_timeout_s:g} s{cause}: {remedy}"
    )


class _RepeatFilter(logging.Filter):
    """Lets one and the same message through once per `REPEAT_INTERVAL_S`."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        # "... failed: Connection refused (after 12ms in state CONNECT)": the figure varies.
        message = record.getMessage().partition(" (after ")[0]
        now = time.monotonic()
        if now - self._last.get(message, -REPEAT_INTERVAL_S) < REPEAT_INTERVAL_S:
            return False
        if len(self._last) >= MAX_REMEMBERED_MESSAGES:
            self._last.clear()
        self._last[message] = now
        return True


def _librdkafka_logger() -> logging.Logger:
    logger = logging.getLogger(LIBRDKAFKA_LOGGER)
    if not any(isinstance(each, _RepeatFilter) for each in logger.filters):
        logger.addFilter(_RepeatFilter())
        # Without a handler of its own, Python would print to standard error as a last resort.
        logger.addHandler(logging.NullHandler())
    return logger
