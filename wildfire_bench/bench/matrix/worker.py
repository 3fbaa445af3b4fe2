"""Sender's and receiver's process of the lane measurements; what is timed is the library itself.

A record is known on both sides by where it lies, so that nothing is added to it: the sender tells
when each was meant to go, the receiver when each was in the caller's hands, as a dict.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

from wildfire_bench.bench.worker import serve
from wildfire_bench.errors import NotRunning
from wildfire_bench.samples.records import sample_records
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.record_consumer import RecordConsumer
from wildfire_bench.streaming.records.record_envelope import encode_record
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS
from wildfire_bench.streaming.records.record_sender import RecordSender

__all__ = [
    "Moments",
    "serve_images",
    "serve_record_receiver",
    "serve_record_sender",
]

Moments: TypeAlias = dict[tuple[str, int, int], int]
"""Topic, partition and offset of records, to `time.monotonic_ns`, which all processes share."""

LEAD_NS = 20_000_000
SOURCE = "bench"


def serve_record_sender(commands: Connection) -> None:
    """Run the sender's side until the pipe closes."""
    asyncio.run(serve(commands, _SenderSide()))


def serve_record_receiver(commands: Connection) -> None:
    """Run the receiver's side until the pipe closes."""
    asyncio.run(serve(commands, _ReceiverSide()))


def serve_images(commands: Connection) -> None:
    """Run the receiver of images until the pipe closes."""
    asyncio.run(serve(commands, _ImageSide()))


class _SenderSide:
    """Commands of the sender's process."""

    def __init__(self) -> None:
        self._senders: dict[str, RecordSender] = {}
        self._producer: KafkaDataProducer | None = None
        self._images: list[asyncio.Task[int]] = []
        self._sending = False
        self._next: dict[DataType, int] = {}
        self._image_numbers = itertools.count()

    async def open(self, variants: Mapping[str, Settings]) -> None:
        """Open every lane of every variant, and make the records."""
        for data_type in LANE_PLANS:
            await asyncio.to_thread(sample_records, data_type)
        for name, settings in variants.items():
            self._senders[name] = RecordSender(settings)
            await self._senders[name].prepare(*LANE_PLANS)

    async def paced(
        self, variant: str, data_type: DataType, count: int, per_s: float
    ) -> tuple[Moments, int]:
        """Send single records at a steady rate; when each was meant to go, and bytes of JSON."""
        records = self._take(data_type, count)
        sender = self._senders[variant]
        start = time.monotonic_ns() + LEAD_NS

        async def one(index: int) -> tuple[tuple[str, int, int], int]:
            intended = start + int(index * 1e9 / per_s)
            await asyncio.sleep(max(0.0, (intended - time.monotonic_ns()) / 1e9))
            place = await sender.send(records[index], data_type, SOURCE, None)
            return (place.topic, place.partition, place.offset), intended

        moments = await asyncio.gather(*(one(index) for index in range(count)))
        return dict(moments), _json_bytes(data_type, records)

    async def burst(self, variant: str, data_type: DataType, count: int) -> tuple[Moments, int]:
        """Send records as fast as they go; all were meant to go at its beginning."""
        records = self._take(data_type, count)
        start = time.monotonic_ns()
        receipt = await self._senders[variant].send_many(records, data_type, SOURCE)
        moments = {
            (receipt.topic, partition, offset): start
            for partition, (first, last) in receipt.offsets.items()
            for offset in range(first, last + 1)
        }
        return moments, receipt.value_bytes

    async def start_images(self, settings: Settings, path: Path, in_flight: int) -> None:
        """Send one image after the other, some under way at a time, until told to stop."""
        image = await asyncio.to_thread(path.read_bytes)
        self._producer = producer = KafkaDataProducer(settings=settings)
        await producer.start()
        self._sending = True

        async def keep_sending() -> int:
            sent = 0
            while self._sending:
                # a source of its own makes it another image, and no resend
                source_id = f"load-{next(self._image_numbers)}"
                await producer.send_satellite_image(image, source_id=source_id)
                sent += 1
            return sent

        self._images = [asyncio.create_task(keep_sending()) for _ in range(in_flight)]

    async def stop_images(self) -> int:
        """End that; how many images were acknowledged."""
        self._sending = False
        sent = sum(await asyncio.gather(*self._images))
        self._images = []
        if self._producer is not None:
            await self._producer.stop()
        return sent

    async def alerts(self, count: int, per_s: float) -> Moments:
        """Send alerts at a steady rate by the producer that sends the images."""
        producer = self._producer
        if producer is None:
            msg = "start_images comes before alerts"
            raise NotRunning(msg)
        records = self._take(DataType.CRITICAL_ALERTS, count)
        await producer.prepare(DataType.CRITICAL_ALERTS)
        start = time.monotonic_ns() + LEAD_NS

        async def one(index: int) -> tuple[tuple[str, int, int], int]:
            intended = start + int(index * 1e9 / per_s)
            await asyncio.sleep(max(0.0, (intended - time.monotonic_ns()) / 1e9))
            place = await producer.send(records[index], DataType.CRITICAL_ALERTS, SOURCE)
            return (place.topic, place.partition, place.offset), intended

        return dict(await asyncio.gather(*(one(index) for index in range(count))))

    async def close(self) -> None:
        """Stop everything."""
        if self._sending:
            await self.stop_images()
        for sender in self._senders.values():
            await sender.stop(5)

    def _take(self, data_type: DataType, count: int) -> list[dict[str, object]]:
        """The next records of a lane, from the front again once all were sent."""
        records = sample_records(data_type)
        first = self._next.get(data_type, 0)
        self._next[data_type] = (first + count) % len(records)
        return [records[(first + index) % len(records)] for index in range(count)]


class _ReceiverSide:
    """Commands of the receiver's process."""

    def __init__(self) -> None:
        self._consumers: dict[str, RecordConsumer] = {}

    async def open(
        self, variants: Mapping[str, Settings], group_id: str, data_types: list[DataType]
    ) -> None:
        """Start a consumer for each variant."""
        for name, settings in variants.items():
            consumer = RecordConsumer(
                settings=settings, group_id=f"{group_id}-{name}", data_types=data_types
            )
            await consumer.start()
            self._consumers[name] = consumer

    async def receive(self, variant: str, count: int, timeout_s: float) -> Moments:
        """Wait for so many records; when each was in the caller's hands."""
        arrived: Moments = {}
        async with asyncio.timeout(timeout_s):
            while len(arrived) < count:
                batch = await anext(self._consumers[variant])
                now = time.monotonic_ns()
                for each in batch:
                    place = each.place
                    arrived[place.topic, place.partition, place.offset] = now
        return arrived

    async def close(self) -> None:
        """Stop the consumers."""
        for consumer in self._consumers.values():
            await consumer.stop()


class _ImageSide:
    """Receives the images that load the brokers, so that their lanes work end to end."""

    def __init__(self) -> None:
        self._consumer: SatelliteImageConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._received = 0
        self._arrived = asyncio.Event()

    async def open(self, settings: Settings, group_id: str) -> None:
        """Receive images until closed."""
        self._consumer = SatelliteImageConsumer(settings=settings, group_id=group_id)
        await self._consumer.start()
        self._task = asyncio.create_task(self._count(self._consumer))

    async def received(self) -> int:
        """Images so far."""
        return self._received

    async def wait_for_more(self, timeout_s: float) -> int:
        """Wait until another image arrives, so that the lane works end to end."""
        self._arrived.clear()
        await asyncio.wait_for(self._arrived.wait(), timeout_s)
        return self._received

    async def close(self) -> None:
        """Stop receiving."""
        if self._consumer is not None:
            await self._consumer.stop()
        if self._task is not None:
            await self._task

    async def _count(self, consumer: SatelliteImageConsumer) -> None:
        async for _ in consumer:
            self._received += 1
            self._arrived.set()


def _json_bytes(data_type: DataType, records: list[dict[str, object]]) -> int:
    return sum(len(encode_record(data_type, record, SOURCE).value) for record in records)
