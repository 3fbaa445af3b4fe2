"""Why no broker answers: what librdkafka saw, and what a TLS handshake of our own says.

librdkafka says "certificate verify failed" for an unknown authority, a certificate that has expired
and one for another host alike, and nothing at all where plain text meets a port that speaks TLS.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable

from confluent_kafka import KafkaError

from wildfire_bench.settings import KafkaSettings

__all__ = ["is_final", "refusal", "unreachable"]

PROBE_TIMEOUT_S = 2.0
"""How long each broker's port may take for a handshake; asked only once a connection has failed."""
MAX_PROBES = 3
"""Brokers that are asked."""

_LOGIN = frozenset(
    {
        "_AUTHENTICATION",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
    }
)
_CLIENT_CERTIFICATE = ("certificate required", "unknown ca", "bad certificate")
"""What TLS alerts of a broker say of the client's certificate."""


def is_final(error: KafkaError) -> bool:
    """Whether no waiting cures an error of a connection."""
    return error.name() in _LOGIN or error.name() == "_SSL" or bool(_alert(error))


def refusal(kafka: KafkaSettings, error: KafkaError) -> str:
    """Say in one sentence why a broker refused, or was refused, and which setting to look at.

    Parameters
    ----------
    kafka
        How the brokers were spoken to.
    error
        For which `is_final` holds.
    """
    if error.name() in _LOGIN:
        account = (
            "the account's client id and secret, and where tokens come from "
            "(kafka.sasl_oauth_client_id, sasl_oauth_client_secret, sasl_oauth_token_endpoint_url)"
            if kafka.sasl_mechanism == "OAUTHBEARER"
            else "the account's name and password (kafka.sasl_username, kafka.sasl_password)"
        )
        return (
            f"Kafka at {kafka.bootstrap_servers} refused the connection "
            f"({_without_time(error.str())}): check kafka.security_protocol, kafka.sasl_mechanism "
            f"and {account}"
        )
    if alert := _alert(error):
        return (
            f"Kafka at {kafka.bootstrap_servers} refused the client's certificate ({alert}): set "
            "kafka.ssl_certificate_location and kafka.ssl_key_location to one whose authority the "
            "brokers trust"
        )
    cause = _certificate_fault(kafka) or _without_time(error.str())
    return (
        f"Kafka at {kafka.bootstrap_servers} cannot be trusted ({cause}): check "
        "kafka.ssl_ca_location, kafka.bootstrap_servers and kafka.security_protocol"
    )


def unreachable(kafka: KafkaSettings, errors: Iterable[KafkaError]) -> str:
    """Say in one sentence that no broker answered, the likely cause, and what to do."""
    seen = [error.str() for error in errors if error.name() != "_ALL_BROKERS_DOWN"]
    cause = f" ({_without_time(seen[-1])})" if seen else ""
    if "SSL" in cause:
        remedy = "check kafka.security_protocol and kafka.ssl_*"
    elif not seen and not _speaks_tls_to(kafka) and _any_speaks_tls(kafka):
        cause = " (its port speaks TLS, and was spoken to in plain text)"
        remedy = "set kafka.security_protocol (KAFKA_SECURITY_PROTOCOL) to SSL or SASL_SSL"
    elif not seen and kafka.security_protocol == "SSL" and _any_speaks_tls(kafka):
        cause = " (TLS was agreed on, then the broker closed the connection)"
        remedy = "set kafka.security_protocol (KAFKA_SECURITY_PROTOCOL) to SASL_SSL, and log in"
    else:
        remedy = (
            "start one with `wildfire-bench stack up`, or pass the address that "
            "`wildfire-bench stack status` shows (kafka.bootstrap_servers, "
            "KAFKA_BOOTSTRAP_SERVERS)"
        )
    return (
        f"no Kafka broker answered at {kafka.bootstrap_servers} within "
        f"{kafka.connect_timeout_s:g} s{cause}: {remedy}"
    )


def _alert(error: KafkaError) -> str | None:
    """What a broker says of our certificate; None when it is not about that."""
    text = error.str()
    if "SSL alert" not in text:
        return None
    return next((each for each in _CLIENT_CERTIFICATE if f"alert {each}" in text), None)


def _without_time(text: str) -> str:
    return text.partition(" (after ")[0]


def _speaks_tls_to(kafka: KafkaSettings) -> bool:
    return kafka.security_protocol in {"SSL", "SASL_SSL"}


def _certificate_fault(kafka: KafkaSettings) -> str | None:
    """What is wrong with a broker's certificate, in OpenSSL's words; None when nothing is seen."""
    location = kafka.ssl_ca_location
    try:
        context = ssl.create_default_context(cafile=None if location is None else str(location))
    except (OSError, ssl.SSLError):
        return None
    for host, port in _addresses(kafka):
        try:
            _shake_hands(context, host, port)
        except ssl.SSLCertVerificationError as error:
            return f"its certificate: {error.verify_message.rstrip('.')}"
        except (OSError, ValueError):
            continue
    return None


def _any_speaks_tls(kafka: KafkaSettings) -> bool:
    """Whether a port answers a TLS handshake; whom it belongs to does not matter here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for host, port in _addresses(kafka):
        try:
            _shake_hands(context, host, port)
        except (OSError, ValueError):
            continue
        return True
    return False


def _shake_hands(context: ssl.SSLContext, host: str, port: int) -> None:
    """Do a TLS handshake and leave; nothing is sent."""
    with (
        socket.create_connection((host, port), PROBE_TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname=host),
    ):
        pass


def _addresses(kafka: KafkaSettings) -> list[tuple[str, int]]:
    found = []
    for address in kafka.bootstrap_servers.split(",")[:MAX_PROBES]:
        host, _, port = address.strip().rpartition(":")
        if host and port.isdigit():
            found.append((host.strip("[]"), int(port)))
    return found
