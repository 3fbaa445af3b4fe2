"""Images of one producer, from what the caller gives to the receipt; and how that ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from wildfire_bench.compression.codec import Codec
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.envelope.metadata import decode_metadata, encode_metadata
from wildfire_bench.streaming.model import Receipt, Renewal
from wildfire_bench.streaming.observation.sending_tally import LaneFigures, SendingTally
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.sending.image_sender import ImageSender
from wildfire_bench.streaming.sending.image_source import ImageData, ImageSource, identify
from wildfire_bench.streaming.sending.limits import SendLimits, read_send_limits
from wildfire_bench.streaming.sending.outgoing_image import OutgoingImage
from wildfire_bench.streaming.sending.receipts import send_identified
from wildfire_bench.streaming.sending.stop_guard import SendsUnderWay, failing_when_stopped

if TYPE_CHECKING:
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

__all__ = ["ImageSending"]


class ImageSending:
    """Runs from when it is made until `stop`; `close` comes after that.

    Parameters
    ----------
    settings, limits
        What is wanted, and what topics and brokers can carry.
    codec
        Encodes.
    store
        The object store, started, if there is one; `close` stops it.
    tally
        Counts what was sent.
    client_options
        librdkafka's own options, put over what the settings say.
    """

    def __init__(
        self,
        settings: Settings,
        limits: SendLimits,
        codec: Codec,
        store: S3ReferenceHandler | None,
        *,
        tally: SendingTally,
        client_options: Mapping[str, Any],
    ) -> None:
        self._settings, self._store, self._tally = settings, store, tally
        workers = settings.kafka_producer.encode_workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
        self._sender = ImageSender(
            settings, limits, codec, self._pool, store, client_options=client_options
        )
        self._under_way = SendsUnderWay()
        self._stopped = False

    @property
    def in_flight_bytes(self) -> int:
        """Encoded bytes that wait for acknowledgement now."""
        return self._sender.in_flight_bytes

    def lane_figures(self) -> tuple[LaneFigures, ...]:
        """How each lane is; from any thread."""
        return self._sender.lane_figures()

    def store_snapshot(self) -> Snapshot | None:
        """How the object store is, if there is one."""
        return None if self._store is None else self._store.snapshot("producer")

    async def send(
        self,
        image_data: ImageData,
        metadata: Mapping[str, Any] | None,
        source_id: str,
        renewal: Renewal | None = None,
    ) -> Receipt:
        """Send one image; see `KafkaDataProducer.send_satellite_image`."""
        started = time.perf_counter()
        # refused before anything is read or sent; and the caller may change his meanwhile
        about = decode_metadata(encode_metadata(metadata))
        loop = asyncio.get_running_loop()
        max_bytes = self._settings.routing.max_image_bytes
        what = f"an image of {source_id}"
        with (
            self._tally.counting_image_failures(),
            self._under_way.naming(what) as rename,
            failing_when_stopped(lambda: self._stopped, what),
            await loop.run_in_executor(self._pool, ImageSource, image_data, max_bytes) as source,
        ):
            identity = await loop.run_in_executor(self._pool, identify, source, about, source_id)
            identified = time.perf_counter()
            rename(identity.image_id)
            replay = None if renewal is None else renewal.token_for(identity)
            receipt = await send_identified(
                self._sender,
                OutgoingImage(source, identity, about, replay),
                limits=partial(read_send_limits, self._settings),
                identify_s=identified - started,
            )
        self._tally.image_sent(receipt)
        return receipt

    async def stop(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for what is in flight, then close; names what was not acknowledged in time."""
        self._stopped = True
        self._under_way.stop()
        unsent = await self._sender.stop(timeout_s)
        return tuple(dict.fromkeys((*unsent, *self._under_way.unsent)))

    async def close(self) -> None:
        """End the threads and the store; a send that goes on fails then."""
        if self._store is not None:
            await self._store.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
