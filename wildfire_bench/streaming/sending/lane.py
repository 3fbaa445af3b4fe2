"""One librdkafka producer: its poll thread, its limit on bytes in flight, its acknowledgements."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import (
    BrokerUnavailable,
    DeliveryDenied,
    DeliveryFailed,
    DeliveryTimeout,
    NotRunning,
)
from wildfire_bench.settings import KafkaSettings, ProducerSettings
from wildfire_bench.streaming.administration.rights import Right, access_denied, is_denial
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.sending_tally import LaneFigures
from wildfire_bench.streaming.sending.bytes_in_flight import BytesInFlight
from wildfire_bench.streaming.sending.delivery_errors import delivery_error
from wildfire_bench.streaming.sending.lane_client import LaneCompression, lane_config, open_client

__all__ = ["ProducerLane", "Record"]

log = logging.getLogger(__name__)

_POLL_S = 0.1
_FIRST_CONNECTION_S = 1.0
"""What the first record waits for a broker at most, before it waits in librdkafka's queue."""
_QUEUE_FULL_RETRY_S = 0.005


@dataclass(frozen=True, slots=True)
class Record:
    """What is produced."""

    topic: str
    key: bytes
    value: Buffer
    headers: Sequence[tuple[str, bytes]]
    subject: str
    """What an error calls it: an image id, a data type."""


class ProducerLane:
    """A librdkafka producer seen from one event loop.

    Parameters
    ----------
    kafka, producer
        Connection and limits.
    compression
        Of batches.
    linger_ms
        How long a batch may wait for company; 0 for large payloads.
    name
        What its figures are called.
    lend
        Send values from where they lie, if the platform allows it: worth it for large records.
    extra
        librdkafka's own options, put over all this; ``error_cb`` and ``stats_cb`` are called beside
        the lane's own. With ``statistics.interval.ms`` the lane knows what it has transmitted.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        producer: ProducerSettings,
        *,
        compression: LaneCompression | None = None,
        linger_ms: float = 0,
        name: str = "records",
        lend: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._delivery_timeout_s = producer.delivery_timeout_s
        self._loop = asyncio.get_running_loop()
        self._in_flight = BytesInFlight(producer.max_in_flight_bytes)
        self._unacknowledged: dict[asyncio.Future[RecordPlace], str] = {}
        self._kafka = kafka
        self._denied = False
        self.broken = False
        """True after a fatal error: an idempotent producer that lost its sequence is of no use."""
        self.name = name
        self._transmitted_bytes: int | None = None
        self._first_connection: asyncio.Future[None] | None = None
        self._client = open_client(
            lane_config(kafka, producer, compression or LaneCompression(), linger_ms),
            extra or {},
            {"error_cb": self._note_error, "stats_cb": self._note_statistics},
            lend=lend,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._thread.start()
        atexit.register(self._end)

    @property
    def in_flight_bytes(self) -> int:
        """Bytes that wait for acknowledgement."""
        return self._in_flight.held_bytes

    def figures(self) -> LaneFigures:
        """How it is; from any thread."""
        return LaneFigures(
            self.name, len(self._client), self.in_flight_bytes, self._transmitted_bytes
        )

    async def produce(self, record: Record) -> asyncio.Future[RecordPlace]:
        """Hand a record to the client as soon as there is room for it.

        Returns
        -------
        asyncio.Future
            Resolves to the record's place once all in-sync replicas have it; raises
            `DeliveryFailed` or `DeliveryTimeout` otherwise.

        Raises
        ------
        NotRunning
            If the lane was stopped.
        DeliveryFailed
            If the client refuses the record.
        """
        size = memoryview(record.value).nbytes
        await self._connected()
        await self._in_flight.take(size)
        acknowledged: asyncio.Future[RecordPlace] = self._loop.create_future()
        try:
            await self._enqueue(record, acknowledged, size)
        except BaseException:
            self._in_flight.give_back(size)
            raise
        self._unacknowledged[acknowledged] = record.subject
        return acknowledged

    async def connect(self, timeout_s: float) -> None:
        """Have a connection, so that the first record need not wait for one.

        Raises
        ------
        BrokerUnavailable
            If no broker answers in time.
        """
        connection = self._loop.run_in_executor(None, self._client.connect, timeout_s)
        self._first_connection = self._first_connection or connection
        try:
            await connection
        except KafkaException as error:
            msg = f"no Kafka broker answered within {timeout_s:g} s: {error.args[0].str()}"
            raise BrokerUnavailable(msg) from error

    async def stop(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for what is in flight, then close.

        Returns
        -------
        tuple of str
            Subjects of records that were not acknowledged in time; their sends have failed.
        """
        if self._stopping.is_set():
            return ()
        await self._loop.run_in_executor(None, self._serve, self._client.flush, timeout_s)
        await asyncio.sleep(0)  # let the acknowledgements that just came in settle
        unsent = tuple(self._unacknowledged.values())
        await self._loop.run_in_executor(None, self._end)
        for acknowledged in list(self._unacknowledged):
            if not acknowledged.done():
                msg = f"{self._unacknowledged[acknowledged]} was not acknowledged before stop()"
                acknowledged.set_exception(DeliveryFailed(msg))
                acknowledged.exception()  # a send that was cancelled does not look at it
        return unsent

    async def _connected(self) -> None:
        """Let the first record wait for a connection.

        An idempotent producer asks for its id when it has a record to send. Without a broker to ask
        it tries again half a second later, however soon there is one.
        """
        if self._first_connection is None:
            self._first_connection = self._loop.run_in_executor(
                None, self._client.connect, _FIRST_CONNECTION_S
            )
        if not self._first_connection.done():
            await asyncio.wait([self._first_connection])
        self._first_connection.exception()  # then it goes on in librdkafka's own time

    async def _enqueue(
        self, record: Record, acknowledged: asyncio.Future[RecordPlace], size: int
    ) -> None:
        """Give it to librdkafka; wait while its queue is full."""

        def delivered(error: KafkaError | None, place: RecordPlace | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed without stop()
                self._loop.call_soon_threadsafe(
                    self._settle, acknowledged, place, error, size, record
                )

        deadline = time.monotonic() + self._delivery_timeout_s
        while True:
            if self._stopping.is_set():
                msg = f"{record.subject}: the producer is stopped: call start() first"
                raise NotRunning(msg)
            try:
                self._client.produce(
                    record.topic, record.key, record.value, record.headers, delivered
                )
                return
            except BufferError:
                if time.monotonic() > deadline:
                    msg = (
                        f"{record.subject}: the client's queue stayed full for "
                        f"{self._delivery_timeout_s:g} s: is the broker reachable?"
                    )
                    raise DeliveryTimeout(msg) from None
                await asyncio.sleep(_QUEUE_FULL_RETRY_S)
            except KafkaException as error:
                raise self._delivery_error(error.args[0], record) from error

    def _settle(
        self,
        acknowledged: asyncio.Future[RecordPlace],
        place: RecordPlace | None,
        error: KafkaError | None,
        size: int,
        record: Record,
    ) -> None:
        self._unacknowledged.pop(acknowledged, None)
        self._in_flight.give_back(size)
        if acknowledged.done():
            return
        if place is not None:
            acknowledged.set_result(place)
        else:
            acknowledged.set_exception(self._delivery_error(error, record))
            acknowledged.exception()  # a send that gave up may no longer look at it

    def _delivery_error(self, error: KafkaError | None, record: Record) -> DeliveryFailed:
        if (error is not None and is_denial(error)) or self._denied:
            right = Right("Write", "topic", record.topic)
            msg = f"{record.subject} was not sent: {access_denied(self._kafka, right)}"
            return DeliveryDenied(msg, image_id=record.subject)
        return delivery_error(error, record.subject)

    def _note_error(self, error: KafkaError) -> None:
        if error.fatal():
            log.error("producer has to be replaced: %s", error.str())
            self.broken = True
            # Who may write to no topic at all gets no id as an idempotent producer to begin with.
            self._denied = is_denial(error)

    def _serve(self, callbacks: Callable[[float], None], timeout_s: float) -> None:
        """Have callbacks called; confluent-kafka raises a fatal error there, and calls none."""
        try:
            callbacks(timeout_s)
        except KafkaException as error:
            self._note_error(error.args[0])
        except Exception:  # of a callback in the options: acknowledgements go on
            log.exception("a callback of the producer failed")

    def _note_statistics(self, document: str) -> None:
        """Called only where the options ask for statistics."""
        self._transmitted_bytes = json.loads(document)["tx_bytes"]

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._serve(self._client.poll, _POLL_S)
        self._client.close()

    def _end(self) -> None:
        """End the thread; at the latest when the interpreter ends, whose memory it may be lent."""
        self._stopping.set()
        self._thread.join()
        atexit.unregister(self._end)
