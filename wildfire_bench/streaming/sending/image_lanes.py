"""The lanes that images travel by, and the records put on them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import NotRunning
from wildfire_bench.settings import ProducerSettings, Settings
from wildfire_bench.streaming.model import Envelope, ImageIdentity
from wildfire_bench.streaming.observation.sending_tally import LaneFigures
from wildfire_bench.streaming.sending.lane import ProducerLane, Record
from wildfire_bench.streaming.sending.lane_client import LaneCompression
from wildfire_bench.streaming.wire import record_bytes, write_envelope

__all__ = [
    "METADATA_COMPRESSION",
    "PAYLOAD_COMPRESSION",
    "ImageLanes",
    "json_compression",
    "size_of",
]

METADATA_COMPRESSION = LaneCompression("zstd", 3)
"""Guide, section 3: image metadata travels as zstd level 3."""
PAYLOAD_COMPRESSION = LaneCompression()
"""Payloads are encoded already."""
_MAX_LEVEL = {"gzip": 9, "zstd": 12}
"""Of librdkafka's ``compression.level``."""


class ImageLanes:
    """One librdkafka producer for each compression of batches, made when it is first needed.

    Parameters
    ----------
    settings
        Brokers and limits.
    client_options
        librdkafka's own options for every lane, put over what the settings say.
    """

    def __init__(self, settings: Settings, client_options: Mapping[str, Any]) -> None:
        self._settings = settings
        self._client_options = dict(client_options)
        self._lanes: dict[LaneCompression, ProducerLane] = {}
        self._stopped = False

    @property
    def in_flight_bytes(self) -> int:
        """Bytes that wait for acknowledgement."""
        return sum(lane.in_flight_bytes for lane in self._lanes.values())

    def lane(self, compression: LaneCompression) -> ProducerLane:
        """The lane of a compression; one that librdkafka gave up is replaced.

        Raises
        ------
        NotRunning
            After `stop`: a send that goes on must not open a lane that nobody closes.
        """
        if self._stopped:
            msg = "the producer is stopped: call start() first"
            raise NotRunning(msg)
        lane = self._lanes.get(compression)
        if lane is None or lane.broken:
            lane = self._lanes[compression] = ProducerLane(
                self._settings.kafka,
                self._settings.kafka_producer,
                compression=compression,
                name=_name_of(compression),
                lend=True,
                extra={**_batching(compression), **self._client_options},
            )
        return lane

    def figures(self) -> tuple[LaneFigures, ...]:
        """How each lane is; from any thread."""
        return tuple(lane.figures() for lane in tuple(self._lanes.values()))

    def record(self, topic: str, envelope: Envelope, value: Buffer) -> Record:
        """A record of an image, with its headers and key."""
        identity = envelope.identity
        return Record(topic, self.key(identity), value, write_envelope(envelope), identity.image_id)

    def key(self, identity: ImageIdentity) -> bytes:
        """Key of all records of an image, so that they share a partition."""
        by_image = self._settings.kafka_producer.order_by == "image"
        return (identity.image_id if by_image else identity.source_id).encode()

    async def stop(self, timeout_s: float) -> tuple[str, ...]:
        """Wait for what is in flight, then close; names what was not acknowledged in time."""
        unsent = await asyncio.gather(*(lane.stop(timeout_s) for lane in self._lanes.values()))
        self._stopped = True
        self._lanes.clear()
        return tuple(dict.fromkeys(subject for subjects in unsent for subject in subjects))


def _batching(compression: LaneCompression) -> dict[str, Any]:
    """Payloads go alone: the broker compares a whole batch with the topic's limit.

    Records that fit would be refused together where a topic takes less than a batch may have.
    """
    return {} if compression == METADATA_COMPRESSION else {"batch.num.messages": 1}


def _name_of(compression: LaneCompression) -> str:
    level = "" if compression.level is None else f"-{compression.level}"
    return f"images-{compression.type}{level}"


def json_compression(producer: ProducerSettings) -> LaneCompression:
    """Compression of images as JSON, at the nearest level that librdkafka has."""
    most = _MAX_LEVEL.get(producer.compression_type)
    level = None if most is None else min(producer.compression_level, most)
    return LaneCompression(producer.compression_type, level)


def size_of(record: Record) -> int:
    """Upper bound of what the broker compares with the topic's limit, in bytes."""
    return record_bytes(record.key, record.headers, memoryview(record.value).nbytes)
