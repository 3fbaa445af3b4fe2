"""A librdkafka producer that is lent the values it sends; confluent-kafka's copies them twice.

confluent-kafka's `produce` copies the value while it holds the interpreter's lock, and its delivery
report copies it again; both copies live in memory that is new each time. For chunks of megabytes
that is most of what a producer costs besides encoding. This client speaks to the same librdkafka
and hands it the address of a value, which it keeps alive until the value is acknowledged.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.recycled_memory import FrozenMemory
from wildfire_bench.streaming.sending.librdkafka import (
    ERROR_CHARS,
    Argument,
    ArgumentKind,
    EventKind,
    Librdkafka,
    Purge,
)
from wildfire_bench.streaming.sending.producer_client import Delivered

__all__ = ["LendingClient"]

_PRODUCER: Final = 0
_COPY_FLAG: Final = 0x2
_CLOSE_S: Final = 1.0
_CALLBACKS: Final = frozenset({"error_cb", "stats_cb", "logger"})
_LOG_LEVELS: Final = (
    *(logging.CRITICAL,) * 3,
    logging.ERROR,
    logging.WARNING,
    *(logging.INFO,) * 2,
    logging.DEBUG,
)
"""Python's level for each of syslog's eight."""
_PURGED: Final = frozenset(
    {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._FATAL}  # noqa: SLF001 - librdkafka's own names
)


_NOTHING: Final = ctypes.create_string_buffer(1)
"""An empty value has an address: one without is a tombstone."""


@dataclass(frozen=True, slots=True)
class _Lent:
    topic: str
    view: memoryview
    """Keeps the bytes where they are, also when the caller releases a view of his."""
    delivered: Delivered


class LendingClient:
    """See the module, and `ProducerClient` for the methods.

    A value is lent only if nobody can change it meanwhile: `bytes`, `FrozenMemory`, or a view of
    some. Any other is copied by librdkafka, so that a caller whose send was cancelled may use its
    memory again.

    Parameters
    ----------
    library
        librdkafka.
    config
        As confluent-kafka takes it, with `error_cb`, `stats_cb` and `logger`.

    Raises
    ------
    KafkaException
        If librdkafka refuses the configuration.
    """

    def __init__(self, library: Librdkafka, config: Mapping[str, Any]) -> None:
        self._library = library
        self._on_error = config.get("error_cb")
        self._on_statistics = config.get("stats_cb")
        self._logger = config.get("logger")
        self._lent: dict[int, _Lent] = {}
        self._numbers = itertools.count(1)
        self._calls = 0
        """Calls of other threads that use the handle now."""
        self._closed = False
        self._changed = threading.Condition()
        self._handle = self._open({**config, "log.queue": True})
        self._queue = library.rd_kafka_queue_get_main(self._handle)
        library.rd_kafka_set_log_queue(self._handle, None)  # to the main queue

    @staticmethod
    def understands(config: Mapping[str, Any]) -> bool:
        """Whether a configuration needs no other callbacks than those that are served here."""
        scalars = (value for name, value in config.items() if name not in _CALLBACKS)
        by_callback = config.get("sasl.mechanism") == "OAUTHBEARER"
        return not by_callback and all(isinstance(value, str | int | float) for value in scalars)

    def produce(
        self,
        topic: str,
        key: bytes,
        value: Buffer,
        headers: Sequence[tuple[str, bytes]],
        delivered: Delivered,
    ) -> None:
        """See `ProducerClient`."""
        view = memoryview(value)
        start = ctypes.addressof(_NOTHING)
        if view.nbytes:
            start = np.frombuffer(view, np.uint8).ctypes.data
        flags = 0 if isinstance(view.obj, bytes | FrozenMemory) else _COPY_FLAG
        number = next(self._numbers)
        arguments = (Argument * (5 + len(headers)))()
        named, flagged, numbered, keyed, valued, *rest = arguments
        named.kind, named.content.text = ArgumentKind.TOPIC, topic.encode()
        flagged.kind, flagged.content.number = ArgumentKind.FLAGS, flags
        numbered.kind, numbered.content.pointer = ArgumentKind.OPAQUE, number
        keyed.kind, keyed.content.memory.size = ArgumentKind.KEY, len(key)
        keyed.content.memory.start = ctypes.cast(ctypes.c_char_p(key), ctypes.c_void_p)
        valued.kind, valued.content.memory.size = ArgumentKind.VALUE, view.nbytes
        valued.content.memory.start = start
        for argument, (name, content) in zip(rest, headers, strict=True):
            argument.kind, header = ArgumentKind.HEADER, argument.content.header
            header.name, header.value, header.size = name.encode(), content, len(content)
        with self._using() as handle:
            self._lent[number] = _Lent(topic, view, delivered)  # it may be acknowledged within
            error = self._library.rd_kafka_produceva(handle, arguments, len(arguments))
        if error:
            del self._lent[number]
            self._raise(error)

    def poll(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        event = self._library.rd_kafka_queue_poll(self._queue, int(timeout_s * 1000))
        if event:
            try:
                self._serve(event, self._library.rd_kafka_event_type(event))
            finally:
                self._library.rd_kafka_event_destroy(event)

    def flush(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        deadline = time.monotonic() + timeout_s
        with self._using() as handle:
            self._library.rd_kafka_flush(handle, int(timeout_s * 1000))
        while self._lent and time.monotonic() < deadline:
            time.sleep(0.001)  # acknowledged, and about to be told by the thread that polls

    def connect(self, timeout_s: float) -> None:
        """See `ProducerClient`."""
        found = ctypes.c_void_p()
        with self._using() as handle:
            code = self._library.rd_kafka_metadata(
                handle, 0, None, ctypes.byref(found), int(timeout_s * 1000)
            )
        if code:
            raise KafkaException(self._error(code))
        self._library.rd_kafka_metadata_destroy(found)

    def close(self) -> None:
        """See `ProducerClient`; values are kept until librdkafka has ended its threads."""
        with self._changed:
            self._closed = True
        self._library.rd_kafka_purge(self._handle, Purge.QUEUE | Purge.IN_FLIGHT)
        deadline = time.monotonic() + _CLOSE_S
        while self._lent and time.monotonic() < deadline:
            self.poll(0.01)
        with self._changed:
            self._changed.wait_for(lambda: self._calls == 0)  # they use what is destroyed now
        self._library.rd_kafka_queue_destroy(self._queue)
        self._library.rd_kafka_destroy(self._handle)
        while self._lent:
            _, lent = self._lent.popitem()
            lent.delivered(self._error(KafkaError._DESTROY), None)  # noqa: SLF001 - librdkafka's own name

    def __len__(self) -> int:
        return len(self._lent)

    @contextlib.contextmanager
    def _using(self) -> Iterator[int]:
        """The handle, which `close` leaves alone for so long."""
        with self._changed:
            if self._closed:
                raise KafkaException(self._error(KafkaError._DESTROY))  # noqa: SLF001 - librdkafka's own name
            self._calls += 1
        try:
            yield self._handle
        finally:
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()

    def _open(self, config: Mapping[str, Any]) -> int:
        library, text = self._library, ctypes.create_string_buffer(ERROR_CHARS)
        made = library.rd_kafka_conf_new()
        for name, value in config.items():
            if name in _CALLBACKS:
                continue
            written = str(value).lower() if isinstance(value, bool) else str(value)
            if library.rd_kafka_conf_set(made, name.encode(), written.encode(), text, len(text)):
                library.rd_kafka_conf_destroy(made)
                raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text.value.decode()))  # noqa: SLF001 - librdkafka's own name
        kinds = EventKind.DELIVERY | EventKind.LOG | EventKind.ERROR | EventKind.STATISTICS
        library.rd_kafka_conf_set_events(made, kinds)
        handle: int | None = library.rd_kafka_new(_PRODUCER, made, text, len(text))
        if handle is None:
            library.rd_kafka_conf_destroy(made)  # rd_kafka_new takes it only where it succeeds
            raise KafkaException(KafkaError(KafkaError._FAIL, text.value.decode()))  # noqa: SLF001 - librdkafka's own name
        return handle

    def _serve(self, event: int, kind: int) -> None:
        library = self._library
        if kind == EventKind.DELIVERY:
            while message := library.rd_kafka_event_message_next(event):
                self._settle(message.contents)
        elif kind == EventKind.ERROR and self._on_error is not None:
            self._on_error(self._reported(event))
        elif kind == EventKind.STATISTICS and self._on_statistics is not None:
            self._on_statistics(library.rd_kafka_event_stats(event).decode())
        elif kind == EventKind.LOG and self._logger is not None:
            facility, text, level = ctypes.c_char_p(), ctypes.c_char_p(), ctypes.c_int()
            library.rd_kafka_event_log(
                event, ctypes.byref(facility), ctypes.byref(text), ctypes.byref(level)
            )
            self._logger.log(
                _LOG_LEVELS[min(level.value, 7)],
                "%s [%s] %s",
                _text(facility.value),
                _text(library.rd_kafka_name(self._handle)),
                _text(text.value),
            )

    def _settle(self, message: Any) -> None:
        lent = self._lent.pop(message.opaque)
        error, place = None, None
        if message.error:
            # A fatal error purges what is queued, and may be reported after it.
            cause = self._fatal() if message.error in _PURGED else None
            error = cause or self._error(message.error)
        if error is None:
            place = RecordPlace(lent.topic, message.partition, message.offset)
        lent.delivered(error, place)

    def _reported(self, event: int) -> KafkaError:
        """An error of the client's; a fatal one stands for its cause."""
        code = self._library.rd_kafka_event_error(event)
        if code != KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own name
            return KafkaError(code, _text(self._library.rd_kafka_event_error_string(event)))
        return self._fatal() or self._error(code)

    def _fatal(self) -> KafkaError | None:
        """Why the client is of no use any more; None while it is."""
        text = ctypes.create_string_buffer(ERROR_CHARS)
        cause = self._library.rd_kafka_fatal_error(self._handle, text, len(text))
        return KafkaError(cause, _text(text.value), True) if cause else None

    def _error(self, code: int) -> KafkaError:
        return KafkaError(code, _text(self._library.rd_kafka_err2str(code)))

    def _raise(self, error: int) -> None:
        library = self._library
        code = library.rd_kafka_error_code(error)
        text = _text(library.rd_kafka_error_string(error))
        library.rd_kafka_error_destroy(error)
        if code == KafkaError._QUEUE_FULL:  # noqa: SLF001 - librdkafka's own name
            raise BufferError(text)
        raise KafkaException(KafkaError(code, text))


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
