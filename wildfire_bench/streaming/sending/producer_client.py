"""What a lane needs of a Kafka producer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from confluent_kafka import KafkaError

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.streaming.model import RecordPlace

__all__ = ["Delivered", "ProducerClient"]

Delivered: TypeAlias = Callable[[KafkaError | None, RecordPlace | None], None]
"""Told what became of a record: an error, or where it lies."""


class ProducerClient(Protocol):
    """A librdkafka producer. `poll` and `close` belong to one thread, the rest to any."""

    def produce(
        self,
        topic: str,
        key: bytes,
        value: Buffer,
        headers: Sequence[tuple[str, bytes]],
        delivered: Delivered,
    ) -> None:
        """Queue a record; `delivered` is called from `poll`.

        Raises
        ------
        BufferError
            If the client's queue is full.
        KafkaException
            If the client refuses the record.
        """

    def poll(self, timeout_s: float) -> None:
        """Wait for news and pass it on."""

    def flush(self, timeout_s: float) -> None:
        """Wait until nothing is in flight, while another thread polls."""

    def connect(self, timeout_s: float) -> None:
        """Have an answer of a broker.

        Raises
        ------
        KafkaException
            If none answers in time.
        """

    def close(self) -> None:
        """Throw away what is left, and tell those who wait for it."""

    def __len__(self) -> int:
        """Records that are not reported yet."""
        ...
