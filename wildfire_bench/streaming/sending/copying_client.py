"""confluent-kafka's producer, as a lane needs it."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.sending.producer_client import Delivered

__all__ = ["CopyingClient"]

_CLOSE_S: Final = 0.1
_PURGED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})  # noqa: SLF001 - librdkafka's own names


class CopyingClient:
    """Copies a value when it takes it, and again to report on it; see `ProducerClient`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._producer = Producer(dict(config))
        self._fatal: KafkaError | None = None
        self._purged: queue.SimpleQueue[tuple[Delivered, KafkaError]] = queue.SimpleQueue()
        """Reports on what was thrown away, for the end of a poll, which may yet tell the cause."""

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
            if error is not None and error.code() in _PURGED:
                self._purged.put((delivered, error))
                return
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
        with self._reporting():
            self._producer.poll(timeout_s)

    def flush(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        with self._reporting():
            self._producer.flush(timeout_s)

    def connect(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        self._producer.list_topics(timeout=timeout_s)

    def close(self) -> None:
        """See `ProducerClient`."""
        self._producer.purge()
        # a fatal error, which a poll has told before
        with contextlib.suppress(KafkaException), self._reporting():
            self._producer.flush(_CLOSE_S)

    def __len__(self) -> int:
        return len(self._producer)

    @contextlib.contextmanager
    def _reporting(self) -> Iterator[None]:
        """Report what was purged with the fatal error that did it, which was raised once."""
        try:
            yield
        except KafkaException as error:
            self._fatal = error.args[0] if error.args[0].fatal() else self._fatal
            raise
        finally:
            self._report_purged()

    def _report_purged(self) -> None:
        while True:
            try:
                delivered, error = self._purged.get_nowait()
            except queue.Empty:
                return
            delivered(self._fatal or error, None)
