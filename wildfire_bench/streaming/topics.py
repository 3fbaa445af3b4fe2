"""Which topics there are, and how each is configured: the guide's three and those around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wildfire_bench.settings import DataType, Settings, TopicProfileName

__all__ = [
    "BINARY_TOPIC_MAX_BYTES",
    "CHUNK_TOPIC_MAX_BYTES",
    "DEAD_LETTER_TOPIC_MAX_BYTES",
    "JSON_TOPIC_MAX_BYTES",
    "METADATA_TOPIC_MAX_BYTES",
    "RECORD_TOPIC_MAX_BYTES",
    "TopicNames",
    "TopicSpec",
    "topic_names",
    "topic_specs",
]

MIB = 1 << 20
DAY_MS = 24 * 3600 * 1000

METADATA_TOPIC_MAX_BYTES = 1 * MIB
"""``max.message.bytes`` of the metadata topic (guide, section 3)."""
BINARY_TOPIC_MAX_BYTES = 20 * MIB
"""``max.message.bytes`` of the topic for direct images (guide, section 3)."""
CHUNK_TOPIC_MAX_BYTES = 10 * MIB
"""``max.message.bytes`` of the chunk topic (guide, section 3)."""
JSON_TOPIC_MAX_BYTES = 50 * MIB
"""``max.message.bytes`` of the rollback topic: about 39 MB of image as base64 JSON."""
RECORD_TOPIC_MAX_BYTES = 1 * MIB
"""``max.message.bytes`` of the topics for small records."""
DEAD_LETTER_TOPIC_MAX_BYTES = JSON_TOPIC_MAX_BYTES + 2 * MIB
"""``max.message.bytes`` of the dead letters: the largest record with the reason added."""
DEAD_LETTER_RETENTION_MS = 30 * DAY_MS
"""Dead letters wait for a person, so they outlive the images (Kafka's default is a week)."""

_LANES: Mapping[DataType, tuple[str, int]] = MappingProxyType(
    {
        DataType.CRITICAL_ALERTS: ("wildfire-critical-alerts", 1),
        DataType.IOT_SENSORS: ("wildfire-iot-sensors", 4),
        DataType.NASA_FIRMS: ("wildfire-nasa-firms", 4),
        DataType.WEATHER_BULK: ("wildfire-weather-bulk", 4),
    }
)
"""Topic and partitions of each kind of small records. Alerts keep one order across all sources."""


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Names of all topics, prefix included."""

    metadata: str
    """One STAC Item per image."""
    binary: str
    """Direct images."""
    chunks: str
    """Chunked images."""
    json: str
    """Base64 JSON: the rollback of the guide's section 9."""
    dead_letters: str
    """What could not be handed over, with its reason."""
    lanes: Mapping[DataType, str]
    """Small records by data type; satellite imagery has no lane."""

    @property
    def images(self) -> tuple[str, str, str, str]:
        """The topics that a consumer of images subscribes to."""
        return (self.binary, self.chunks, self.metadata, self.json)


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is wanted."""

    name: str
    partitions: int
    config: Mapping[str, str]
    """Topic settings by Kafka's names; those not listed stay at the brokers' defaults."""

    @property
    def max_message_bytes(self) -> int:
        """Largest record batch that the topic takes, as the broker counts it."""
        return int(self.config["max.message.bytes"])


def topic_names(settings: Settings) -> TopicNames:
    """Name all topics, with ``settings.topic_prefix`` in front.

    Parameters
    ----------
    settings
        Its ``topic_prefix`` is used.

    Returns
    -------
    TopicNames
    """
    prefix = settings.topic_prefix
    return TopicNames(
        metadata=f"{prefix}wildfire-satellite-imagery-metadata",
        binary=f"{prefix}wildfire-satellite-imagery-binary",
        chunks=f"{prefix}wildfire-satellite-imagery-chunks",
        json=f"{prefix}wildfire-satellite-imagery-json",
        dead_letters=f"{prefix}wildfire-dead-letters",
        lanes=MappingProxyType(
            {data_type: f"{prefix}{name}" for data_type, (name, _) in _LANES.items()}
        ),
    )


def topic_specs(settings: Settings) -> tuple[TopicSpec, ...]:
    """Say how every topic is wanted under the chosen profile.

    Parameters
    ----------
    settings
        Its ``topic_profile`` and ``topic_prefix`` are used.

    Returns
    -------
    tuple of TopicSpec
        The guide's three first, in its order.

    Notes
    -----
    Partitions and ``max.message.bytes`` of the first three are those of the guide's section 3 in
    both profiles. The profiles differ in who compresses:

    - *guide*: the topic has ``compression.type=zstd`` with the level of the guide's table, so the
      broker compresses again whatever arrives with another codec.
    - *tuned*: image payloads arrive encoded and are stored as they come
      (``compression.type=producer``), and chunks carry the broker's time, by which the reassembly
      time-out runs. The metadata topic is as in the guide: JSON gains from zstd.

    The guide names no topics for small records, for the rollback and for dead letters; they are
    the same in both profiles.
    """
    names = topic_names(settings)
    guide = settings.topic_profile is TopicProfileName.GUIDE
    payload = _zstd(1) if guide else {"compression.type": "producer"}
    chunk_time = {} if guide else {"message.timestamp.type": "LogAppendTime"}
    return (
        _spec(names.metadata, 4, METADATA_TOPIC_MAX_BYTES, _zstd(3)),
        _spec(names.binary, 8, BINARY_TOPIC_MAX_BYTES, payload),
        _spec(names.chunks, 6, CHUNK_TOPIC_MAX_BYTES, {**payload, **chunk_time}),
        _spec(names.json, 8, JSON_TOPIC_MAX_BYTES, {"compression.type": "producer"}),
        *(
            _spec(
                names.lanes[data_type],
                partitions,
                RECORD_TOPIC_MAX_BYTES,
                {"compression.type": "producer"},
            )
            for data_type, (_, partitions) in _LANES.items()
        ),
        _spec(
            names.dead_letters,
            1,
            DEAD_LETTER_TOPIC_MAX_BYTES,
            {"compression.type": "producer", "retention.ms": str(DEAD_LETTER_RETENTION_MS)},
        ),
    )


def _zstd(level: int) -> dict[str, str]:
    # KIP-390: without the second key the broker recompresses at its own default level.
    return {"compression.type": "zstd", "compression.zstd.level": str(level)}


def _spec(name: str, partitions: int, max_bytes: int, config: Mapping[str, str]) -> TopicSpec:
    return TopicSpec(
        name, partitions, MappingProxyType({"max.message.bytes": str(max_bytes), **config})
    )
