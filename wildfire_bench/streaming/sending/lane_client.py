"""What a lane sends with: the configuration of its producer, and the client that speaks to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wildfire_bench.settings import KafkaSettings, ProducerSettings
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.sending.copying_client import CopyingClient
from wildfire_bench.streaming.sending.lending_client import LendingClient
from wildfire_bench.streaming.sending.librdkafka import load_librdkafka
from wildfire_bench.streaming.sending.producer_client import ProducerClient

__all__ = ["MAX_RECORD_BYTES", "LaneCompression", "lane_config", "open_client"]

MAX_RECORD_BYTES = 64 << 20
"""Largest record that the client lets through; topic and broker have their own limits."""


@dataclass(frozen=True, slots=True)
class LaneCompression:
    """Compression of whole batches by librdkafka; payloads encoded by us travel with ``none``."""

    type: str = "none"
    level: int | None = None


def lane_config(
    kafka: KafkaSettings,
    producer: ProducerSettings,
    compression: LaneCompression,
    linger_ms: float,
) -> dict[str, Any]:
    """Settings measured in the transport study: an idempotent producer costs nothing.

    Parameters
    ----------
    kafka, producer
        Connection and limits.
    compression
        Of batches.
    linger_ms
        How long a batch may wait for company.
    """
    config: dict[str, Any] = {
        **client_config(kafka),
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",  # as Java's clients
        "linger.ms": linger_ms,
        "compression.type": compression.type,
        "message.max.bytes": MAX_RECORD_BYTES,
        "queue.buffering.max.kbytes": (producer.max_in_flight_bytes + MAX_RECORD_BYTES) // 1024,
        "delivery.timeout.ms": int(producer.delivery_timeout_s * 1000),
        "request.timeout.ms": int(
            min(producer.request_timeout_s, producer.delivery_timeout_s) * 1000
        ),
    }
    if compression.level is not None:
        config["compression.level"] = compression.level
    return config


def open_client(
    config: Mapping[str, Any],
    options: Mapping[str, Any],
    callbacks: Mapping[str, Callable[[Any], None]],
    *,
    lend: bool,
) -> ProducerClient:
    """Make the client of a lane.

    Parameters
    ----------
    config
        The lane's configuration.
    options
        Of the caller, put over it.
    callbacks
        Of the lane, by name; one of the options is called as well, and not instead.
    lend
        Send values from where they lie, where platform and options allow it.
    """
    together = {name: _both(ours, options.get(name)) for name, ours in callbacks.items()}
    merged = {**config, **options, **together}
    library = load_librdkafka() if lend else None
    if library is None or not LendingClient.understands(merged):
        return CopyingClient(merged)
    return LendingClient(library, merged)


def _both(note: Callable[[Any], None], also: Callable[[Any], None] | None) -> Callable[[Any], None]:
    """The lane's callback and then that of the options, which may fail."""
    if also is None:
        return note

    def called(told: Any) -> None:
        note(told)
        also(told)

    return called
