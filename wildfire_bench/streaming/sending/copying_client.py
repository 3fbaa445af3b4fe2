"""confluent-kafka's producer, as a lane needs it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.sending.producer_client import Delivered

__all__ = ["CopyingClient"]

_CLOSE_S: Final = 0.1


class CopyingClient:
    """Copies a value when it takes it, and again to report on it; see `ProducerClient`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._producer = Producer(dict(config))

    def produce(
        self,
        topic: str,
        key: bytes,
        value: Buffer,
        headers: Sequence[tuple[str, bytes]],
        delivered: Delivered,
    ) -> None:
        """See `ProducerClient`."""

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            place = None
            if error is None:
                place = RecordPlace(message.topic(), message.partition(), message.offset())  # type: ignore[arg-type]  # set once delivered
            delivered(error, place)

        # produce() takes bytes and arrays, no memoryview
        view = memoryview(value)
        payload: Any = value if isinstance(value, bytes) else np.frombuffer(view, np.uint8)
        self._producer.produce(
            topic, value=payload, key=key, headers=list(headers), on_delivery=on_delivery
        )

    def poll(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        self._producer.poll(timeout_s)

    def flush(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        self._producer.flush(timeout_s)

    def connect(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        self._producer.list_topics(timeout=timeout_s)

    def close(self) -> None:
        """See `ProducerClient`."""
        self._producer.purge()
        with contextlib.suppress(KafkaException):  # a fatal error, which a poll has told before
            self._producer.flush(_CLOSE_S)

    def __len__(self) -> int:
        return len(self._producer)
