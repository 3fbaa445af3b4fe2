"""KafkaDataProducer: images by the route that their size asks for, small records by their lane."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import NotRunning
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.connection import settings_for
from wildfire_bench.streaming.envelope.metadata import encode_metadata
from wildfire_bench.streaming.model import Receipt, RecordPlace
from wildfire_bench.streaming.observation.sending_tally import SendingTally
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.records.record_sender import (
    RecordSender,
    RecordsReceipt,
    SmallRecord,
    SourceOf,
)
from wildfire_bench.streaming.sending.image_sender import ImageSender
from wildfire_bench.streaming.sending.image_source import ImageData, ImageSource, identify
from wildfire_bench.streaming.sending.limits import read_send_limits
from wildfire_bench.streaming.sending.receipts import send_identified
from wildfire_bench.streaming.sending.stop_guard import SendsUnderWay, failing_when_stopped
from wildfire_bench.streaming.start_stop import StartStop

if TYPE_CHECKING:
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

__all__ = ["KafkaDataProducer"]

log = logging.getLogger(__name__)

STOP_TIMEOUT_S = 30.0
_NOT_RUNNING = "the producer is not running: call start(), or use `async with`"


class KafkaDataProducer(StartStop):
    """Sends images and small records; a send returns once all in-sync replicas acknowledged it.

    Use it as ``async with``, or call `start` and `stop`. It belongs to the event loop that started
    it; any number of sends may run at a time.

    Parameters
    ----------
    bootstrap_servers
        Brokers, ``host:port`` with commas; None for the settings'.
    settings
        Everything else; None reads ``streaming_config.yaml`` and the environment.
    client_options
        librdkafka's own options, put over what the settings say: ``statistics.interval.ms`` with
        ``stats_cb``, compression of batches.
    """

    def __init__(
        self,
        bootstrap_servers: str | None = None,
        *,
        settings: Settings | None = None,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = settings_for(bootstrap_servers, settings)
        self._codec = choose_codec(DataType.SATELLITE_IMAGERY, self.settings)
        self._client_options = dict(client_options or {})
        self._pool: ThreadPoolExecutor | None = None
        self._store: S3ReferenceHandler | None = None
        self._sender: ImageSender | None = None
        self._records: RecordSender | None = None
        self._under_way = SendsUnderWay()
        self._tally = SendingTally()

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._sender is not None

    @property
    def in_flight_bytes(self) -> int:
        """Encoded bytes that wait for acknowledgement now."""
        return 0 if self._sender is None else self._sender.in_flight_bytes

    async def start(self) -> None:
        """Connect, and read the limits of topics and brokers.

        Raises
        ------
        BrokerUnavailable
            If no broker answers.
        AccessDenied
            If an image topic may not be described.
        TopicMissing
            If an image topic does not exist.
        """
        if self._sender is not None:
            return
        loop = asyncio.get_running_loop()
        limits = await loop.run_in_executor(None, read_send_limits, self.settings)
        self._under_way = SendsUnderWay()
        if self.settings.s3.configured:
            # minio takes a quarter of a second to import: only those who use it wait for it
            from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

            self._store = S3ReferenceHandler(self.settings.s3)
            await self._store.start()
        workers = self.settings.kafka_producer.encode_workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
        self._sender = ImageSender(
            self.settings,
            limits,
            self._codec,
            self._pool,
            self._store,
            client_options=self._client_options,
        )
        self._records = RecordSender(
            self.settings, tally=self._tally, client_options=self._client_options
        )
        level = "" if self._codec.level is None else f" (level: {self._codec.level})"
        log.info("Using %s compression%s", self._codec.name, level)
        if self.settings.kafka_producer.enable_binary_serialization:
            log.info("Binary Kafka producer started for image handling")

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> tuple[str, ...]:
        """Wait for what is in flight, then close.

        Returns
        -------
        tuple of str
            Images and kinds of records that were not acknowledged in time: send these again. An
            image that was not read yet has no id and is named by its source.
        """
        sender, self._sender = self._sender, None
        records, self._records = self._records, None
        if sender is None or records is None:
            return ()
        self._under_way.stop()
        images, small = await asyncio.gather(sender.stop(timeout_s), records.stop(timeout_s))
        unsent = tuple(dict.fromkeys((*images, *self._under_way.unsent, *small)))
        if self._store is not None:
            await self._store.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._store = self._pool = None
        if unsent:
            log.warning("stopped before these were acknowledged: %s", ", ".join(unsent))
        return unsent

    async def send_satellite_image(
        self,
        image_data: ImageData,
        metadata: Mapping[str, Any] | None = None,
        source_id: str = "unknown",
    ) -> Receipt:
        """Send one image by the route that its size asks for.

        Parameters
        ----------
        image_data
            Bytes-like, a path, or a binary file.
        metadata
            JSON object of at most 64 KiB; ``timestamp`` is the acquisition time.
        source_id
            Who took it.

        Returns
        -------
        Receipt
            Once all in-sync replicas acknowledged payload and catalogue entry.

        Raises
        ------
        InputError
            If image or metadata cannot be used: `EmptyImage`, `ImageTooLarge`, `InvalidMetadata`,
            `MetadataTooLarge`.
        ObjectStoreNotConfigured
            If it needs the reference route and there is none.
        DeliveryFailed
            If it was not acknowledged; sending again is safe, since its id is the same.
            `DeliveryDenied` when the brokers deny the right to write.
        """
        started = time.perf_counter()
        sender, pool = self._running()
        encode_metadata(metadata)  # refused before anything is read or sent
        about = dict(metadata or {})
        loop = asyncio.get_running_loop()
        max_bytes = self.settings.routing.max_image_bytes
        what = f"an image of {source_id}"
        with (
            self._tally.counting_image_failures(),
            self._under_way.naming(what) as rename,
            failing_when_stopped(lambda: self._sender is not sender, what),
            await loop.run_in_executor(pool, ImageSource, image_data, max_bytes) as source,
        ):
            identity = await loop.run_in_executor(pool, identify, source, about, source_id)
            identified = time.perf_counter()
            rename(identity.image_id)
            limits = partial(read_send_limits, self.settings)
            receipt = await send_identified(
                sender, source, identity, about, limits=limits, identify_s=identified - started
            )
        self._tally.image_sent(receipt)
        return receipt

    async def prepare(self, *data_types: DataType | str) -> None:
        """Open the lanes of small records now, so that the first record need not wait for it.

        Raises
        ------
        InputError
            If a data type is unknown.
        BrokerUnavailable, TopicMissing
            If there is no answer, or no such topic.
        """
        await self._running_records().prepare(*data_types)

    async def send(
        self,
        record: SmallRecord,
        data_type: DataType | str,
        source_id: str = "unknown",
        timestamp: str | datetime | None = None,
    ) -> RecordPlace:
        """Send one small record by the lane of its data type (guide, section 1).

        Parameters
        ----------
        record
            A mapping that meets the schema of its data type.
        data_type
            A row of the compression matrix, or an alias such as ``iot_sensor``.
        source_id
            Who sent it. Records of a source keep their order.
        timestamp
            When it happened; None takes the record's own ``timestamp`` or ``valid_time``.

        Returns
        -------
        RecordPlace
            Once all in-sync replicas acknowledged it.

        Raises
        ------
        InputError
            If the data type is unknown, or the record breaks its schema (`RecordInvalid`).
        TopicMissing
            If the lane's topic does not exist.
        DeliveryFailed
            If it was not acknowledged. Sent again it has the same event id, but a receiver may
            see it twice.
        """
        return await self._running_records().send(record, data_type, source_id, timestamp)

    async def send_many(
        self,
        records: Iterable[SmallRecord],
        data_type: DataType | str,
        source_id: SourceOf = "unknown",
    ) -> RecordsReceipt:
        """Send many small records, with as many under way as memory limits allow.

        Parameters
        ----------
        records
            A list or tuple is checked whole before the first is sent, any other iterable as it
            goes.
        data_type
            As for `send`.
        source_id
            One for all, or a function that tells it from a record.

        Returns
        -------
        RecordsReceipt
            Once all in-sync replicas acknowledged every record.

        Raises
        ------
        InputError, TopicMissing, DeliveryFailed
            As `send`; the message names the record by its number and says how many are safe.
        """
        return await self._running_records().send_many(records, data_type, source_id)

    def snapshots(self) -> Sequence[Snapshot]:
        """What was sent and how the clients are; see `observation.snapshots.Observable`."""
        sender, records, store = self._sender, self._records, self._store
        if sender is None or records is None:
            return ()
        sending = self._tally.snapshot((*sender.lane_figures(), *records.lane_figures()))
        return (sending,) if store is None else (sending, store.snapshot("producer"))

    def _running_records(self) -> RecordSender:
        if self._records is None:
            raise NotRunning(_NOT_RUNNING)
        return self._records

    def _running(self) -> tuple[ImageSender, ThreadPoolExecutor]:
        if self._sender is None or self._pool is None:
            raise NotRunning(_NOT_RUNNING)
        return self._sender, self._pool
