"""Waiting until a server answers, with a deadline and an eye on the server."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from wildfire_bench.errors import StackTimeout
from wildfire_bench.settings import KafkaSettings
from wildfire_bench.streaming.connection import client_config

__all__ = ["BROKER_TIMEOUT_S", "S3_TIMEOUT_S", "accepts", "wait_for_brokers", "wait_for_s3"]

BROKER_TIMEOUT_S = 120.0
"""How long the brokers may take from start to answer; one takes 3 s, three on two busy cores 30."""
S3_TIMEOUT_S = 30.0
"""How long the S3 server may take from start to answer; 1 s is usual."""
STEP_S = 0.05
CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 2.0


def wait_for_brokers(
    kafka: KafkaSettings,
    brokers: int,
    still_running: Callable[[], None],
    *,
    timeout_s: float = BROKER_TIMEOUT_S,
) -> None:
    """Wait until `brokers` brokers answer and know of each other.

    Parameters
    ----------
    kafka
        How to reach them. Each address must accept a connection before librdkafka is let at it:
        it would complain of every attempt.
    brokers
        How many must be registered.
    still_running
        Called at each look; raises when a server has ended.

    Raises
    ------
    StackTimeout
        With what was seen, when the time is over.
    """
    deadline = time.monotonic() + timeout_s
    addresses = kafka.bootstrap_servers.split(",")
    seen = "none answered"
    admin: AdminClient | None = None
    while time.monotonic() < deadline:
        still_running()
        silent = [address for address in addresses if not accepts(address)]
        if silent:
            seen = f"{', '.join(silent)} did not accept a connection"
        else:
            if admin is None:
                admin = AdminClient(client_config(kafka))
            with suppress(KafkaException):
                registered = len(admin.list_topics(timeout=ANSWER_TIMEOUT_S).brokers)
                if registered >= brokers:
                    return
                seen = f"{registered} of {brokers} brokers had registered"
        time.sleep(STEP_S)
    msg = f"Kafka at {kafka.bootstrap_servers} was not ready within {timeout_s:g} s: {seen}"
    raise StackTimeout(msg)


def wait_for_s3(
    endpoint: str, still_running: Callable[[], None], *, timeout_s: float = S3_TIMEOUT_S
) -> None:
    """Wait until the S3 server at ``host:port`` says that it is healthy.

    Raises
    ------
    StackTimeout
        With what was seen, when the time is over.
    """
    deadline = time.monotonic() + timeout_s
    seen = "no answer"
    while time.monotonic() < deadline:
        still_running()
        # Not urllib: it would ask a proxy from the environment.
        with closing(http.client.HTTPConnection(endpoint, timeout=ANSWER_TIMEOUT_S)) as connection:
            try:
                connection.request("GET", "/healthz")
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                seen = str(error)
            else:
                if status == http.client.OK:
                    return
                seen = f"HTTP status {status}"
        time.sleep(STEP_S)
    msg = f"S3 at {endpoint} was not ready within {timeout_s:g} s: {seen}"
    raise StackTimeout(msg)


def accepts(address: str) -> bool:
    """Whether something accepts connections at ``host:port``."""
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError):
        return False
