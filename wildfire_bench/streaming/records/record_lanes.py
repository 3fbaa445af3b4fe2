"""The lanes of small records: one for each row of the compression matrix but images.

What a lane is made of: topic, compression of batches by librdkafka, how long a batch waits for
company and how large it grows. Each lane is a producer of its own, with its own connections and
threads, so that an alert waits neither behind an image nor behind a batch of another lane.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wildfire_bench.errors import InputError, SettingsError
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.sending.lane_client import LaneCompression

__all__ = [
    "ALIASES",
    "LANE_PLANS",
    "LIBRDKAFKA_LEVELS",
    "LanePlan",
    "lane_compression",
    "lane_type",
]

log = logging.getLogger(__name__)

MB = 1_000_000

ALIASES: Mapping[str, DataType] = MappingProxyType(
    {
        "alert": DataType.CRITICAL_ALERTS,
        "critical_alert": DataType.CRITICAL_ALERTS,
        "sensor": DataType.IOT_SENSORS,
        "iot_sensor": DataType.IOT_SENSORS,
        "firms": DataType.NASA_FIRMS,
        "firms_detection": DataType.NASA_FIRMS,
        "weather": DataType.WEATHER_BULK,
    }
)
"""Names of one record that are taken beside those of the matrix."""

LIBRDKAFKA_LEVELS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"gzip": (1, 9), "zstd": (1, 12), "lz4": (1, 12)}
)
"""Levels that librdkafka's ``compression.level`` has; zstd itself has more."""
_WITHOUT_LEVEL = ("none", "snappy")


@dataclass(frozen=True, slots=True)
class LanePlan:
    """How a lane gathers records into batches."""

    linger_ms: float
    """How long a batch may wait for company."""
    batch_bytes: int
    """Largest batch, uncompressed. Below the topics' ``max.message.bytes`` of 1 MiB, so that only
    a single record can be too large for its topic."""
    window_bytes: int
    """Values that may wait for acknowledgement before a send waits."""


LANE_PLANS: Mapping[DataType, LanePlan] = MappingProxyType(
    {
        # Alone and at once: an alert that waits for company is late. Alerts are some hundred
        # bytes, so that a small batch holds what comes while a request is on its way.
        DataType.CRITICAL_ALERTS: LanePlan(linger_ms=0, batch_bytes=64_000, window_bytes=4 * MB),
        # Half of the 10 ms that the guide allows for; some dozens of readings already compress
        # well, and a batch of 64 kB compresses in a fraction of a millisecond.
        DataType.IOT_SENSORS: LanePlan(linger_ms=5, batch_bytes=64_000, window_bytes=16 * MB),
        # Come by the file, several times a day: nobody waits for a single one, and the window
        # of zstd finds more in a large batch.
        DataType.NASA_FIRMS: LanePlan(linger_ms=50, batch_bytes=MB, window_bytes=16 * MB),
        # One record is often a batch already; waiting would only gather small fields.
        DataType.WEATHER_BULK: LanePlan(linger_ms=20, batch_bytes=MB, window_bytes=32 * MB),
    }
)


def lane_type(name: DataType | str) -> DataType:
    """Find the data type of a lane by its name or an alias.

    Raises
    ------
    InputError
        If there is no such lane; names those that there are.
    """
    found = ALIASES.get(name, name)
    if found in LANE_PLANS:
        return DataType(found)
    if found in {DataType.SATELLITE_IMAGERY, "satellite_image", "image"}:
        msg = "images have no lane for small records: use send_satellite_image"
        raise InputError(msg)
    msg = (
        f"data_type {str(name)[:64]!r} is unknown: choose {', '.join(LANE_PLANS)} "
        f"(or {', '.join(ALIASES)})"
    )
    raise InputError(msg)


def lane_compression(data_type: DataType, settings: Settings) -> LaneCompression:
    """Say how librdkafka compresses the batches of a lane.

    Parameters
    ----------
    data_type
        Row of the matrix.
    settings
        Its matrix; as for images, a ``kafka_producer.compression_type`` other than ``zstd``
        replaces zstd in every row (guide, section 9).

    Raises
    ------
    SettingsError
        If the row names a codec that Kafka clients do not have.
    """
    row = settings.compression_matrix[data_type]
    producer = settings.kafka_producer
    codec, level = row.codec, row.level
    if codec == "zstd":
        codec = producer.compression_type
        level = producer.compression_level if level is None else level
    if codec in _WITHOUT_LEVEL:
        return LaneCompression(codec)
    if codec not in LIBRDKAFKA_LEVELS:
        known = ", ".join((*_WITHOUT_LEVEL, *LIBRDKAFKA_LEVELS))
        msg = f"compression_matrix.{data_type}.codec is {codec!r}: for small records choose {known}"
        raise SettingsError(msg)
    if level is None:
        return LaneCompression(codec)
    lowest, highest = LIBRDKAFKA_LEVELS[codec]
    taken = min(max(level, lowest), highest)
    if taken != level:
        log.warning(
            "level %d of %s for %s: librdkafka has %d to %d, %d is used",
            *(level, codec, data_type, lowest, highest, taken),
        )
    return LaneCompression(codec, taken)
