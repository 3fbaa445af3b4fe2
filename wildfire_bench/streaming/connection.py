"""How clients reach the brokers: librdkafka's configuration, and a first answer or an error."""

from __future__ import annotations

import logging
import time
from collections import deque
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from wildfire_bench.errors import BrokerUnavailable, SettingsError
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.connection_failure import is_final, refusal, unreachable

__all__ = ["LIBRDKAFKA_LOGGER", "client_config", "open_admin", "settings_for"]

LIBRDKAFKA_LOGGER = "wildfire_bench.librdkafka"
"""Name of the logger that librdkafka's own messages go to."""

REPEAT_INTERVAL_S = 60.0
"""How often one and the same message of librdkafka is let through."""

MAX_REMEMBERED_MESSAGES = 256
"""Distinct messages that the repeat filter remembers."""

MAX_REMEMBERED_ERRORS = 32
"""Errors of a connection attempt that are kept to tell its cause."""

_FILES = ("ssl_ca_location", "ssl_certificate_location", "ssl_key_location")


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
        **_token_config(kafka),
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
        If no broker answers within ``kafka.connect_timeout_s``, or one refuses the credentials or
        shows a certificate that cannot be trusted; then at once.
    SettingsError
        If a certificate, key or login cannot be used; names the setting.
    """
    kafka = settings.kafka
    errors: deque[KafkaError] = deque(maxlen=MAX_REMEMBERED_ERRORS)
    admin = _admin_client(kafka, errors)
    deadline = time.monotonic() + kafka.connect_timeout_s
    patience_s = 0.5
    while (remaining_s := deadline - time.monotonic()) > 0:
        try:
            admin.list_topics(timeout=min(patience_s, remaining_s))
        except KafkaException:
            admin.poll(0)  # runs error_cb: the cause is told there, not in the exception
            if (final := next(filter(is_final, errors), None)) is not None:
                raise BrokerUnavailable(refusal(kafka, final)) from None
            # Longer each time, for a broker whose answer itself is slow.
            patience_s *= 2
        else:
            return admin
    raise BrokerUnavailable(unreachable(kafka, errors))


def _token_config(kafka: KafkaSettings) -> dict[str, Any]:
    """Tokens that librdkafka fetches, and renews, by itself."""
    if kafka.sasl_mechanism != "OAUTHBEARER":
        return {}
    secret = kafka.sasl_oauth_client_secret
    return {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": kafka.sasl_oauth_token_endpoint_url,
        "sasl.oauthbearer.client.id": kafka.sasl_oauth_client_id,
        "sasl.oauthbearer.client.secret": secret and secret.get_secret_value(),
        "sasl.oauthbearer.scope": kafka.sasl_oauth_scope,
    }


def _admin_client(kafka: KafkaSettings, errors: deque[KafkaError]) -> AdminClient:
    """Make the client; what it cannot be made from is told by the name of the setting."""
    for name in _FILES:
        path: Path | None = getattr(kafka, name)
        if path is not None and not path.is_file():
            msg = f"kafka.{name} is {path}, and no such file is there: give the path of a PEM file"
            raise SettingsError(msg)
    config = {**client_config(kafka), "error_cb": errors.append}
    try:
        return AdminClient(config)
    except KafkaException as error:
        cause = error.args[0].str().removeprefix("Failed to create admin client: ")
    msg = f"Kafka's client refuses the connection settings ({cause}): check kafka.ssl_* and sasl_*"
    raise SettingsError(msg)


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
