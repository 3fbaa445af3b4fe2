"""KafkaDataProducer: images by the route that their size asks for, small records by their lane."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import NotRunning
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.connection import settings_for
from wildfire_bench.streaming.model import Receipt, RecordPlace, Renewal
from wildfire_bench.streaming.observation.sending_tally import SendingTally
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.records.record_sender import (
    RecordSender,
    RecordsReceipt,
    SmallRecord,
    SourceOf,
)
from wildfire_bench.streaming.sending.image_sending import ImageSending
from wildfire_bench.streaming.sending.image_source import ImageData
from wildfire_bench.streaming.sending.limits import read_send_limits
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
        self._images: ImageSending | None = None
        self._records: RecordSender | None = None
        self._tally = SendingTally()

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._images is not None

    @property
    def in_flight_bytes(self) -> int:
        """Encoded bytes that wait for acknowledgement now."""
        return 0 if self._images is None else self._images.in_flight_bytes

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
        if self._images is not None:
            return
        loop = asyncio.get_running_loop()
        limits = await loop.run_in_executor(None, read_send_limits, self.settings)
        store: S3ReferenceHandler | None = None
        if self.settings.s3.configured:
            # minio takes a quarter of a second to import: only those who use it wait for it
            from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

            store = S3ReferenceHandler(self.settings.s3)
            await store.start()
        options = self._client_options
        self._images = ImageSending(
            self.settings, limits, self._codec, store, tally=self._tally, client_options=options
        )
        self._records = RecordSender(self.settings, tally=self._tally, client_options=options)
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
        images, self._images = self._images, None
        records, self._records = self._records, None
        if images is None or records is None:
            return ()
        unsent_images, unsent_records = await asyncio.gather(
            images.stop(timeout_s), records.stop(timeout_s)
        )
        unsent = (*unsent_images, *unsent_records)
        await images.close()
        if unsent:
            log.warning("stopped before these were acknowledged: %s", ", ".join(unsent))
        return unsent

    async def send_satellite_image(
        self,
        image_data: ImageData,
        metadata: Mapping[str, Any] | None = None,
        source_id: str = "unknown",
        *,
        renewal: Renewal | None = None,
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
        renewal
            Delivers an image with other metadata also to those who had it: they get it again,
            marked as redelivered. None is right for all else: a resend is passed over.

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
        if self._images is None:
            raise NotRunning(_NOT_RUNNING)
        return await self._images.send(image_data, metadata, source_id, renewal)

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
        images, records = self._images, self._records
        if images is None or records is None:
            return ()
        sending = self._tally.snapshot((*images.lane_figures(), *records.lane_figures()))
        store = images.store_snapshot()
        return (sending,) if store is None else (sending, store)

    def _running_records(self) -> RecordSender:
        if self._records is None:
            raise NotRunning(_NOT_RUNNING)
        return self._records
