"""Settings of the whole system: their names, types, defaults and limits.

Where values come from (arguments, environment, ``streaming_config.yaml``, defaults) is the matter
of `wildfire_bench.settings_sources`; this module holds only what they are. All models are frozen
and refuse unknown keys. Sizes are bytes, times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic.fields import FieldInfo

from wildfire_bench.settings_base import FrozenSettings, PositiveFloat, PositiveInt
from wildfire_bench.settings_kafka import KafkaSettings
from wildfire_bench.settings_service import LogSettings, ServiceSettings

__all__ = [
    "CodecChoice",
    "ConsumerSettings",
    "DataType",
    "KafkaSettings",
    "LogSettings",
    "ProducerSettings",
    "RoutingSettings",
    "S3Settings",
    "ServiceSettings",
    "Settings",
    "TopicProfileName",
    "setting_keys",
]

MB = 1_000_000
MIB = 1 << 20

GZIP_MAX_LEVEL = 9
"""Highest level of gzip; zstd's is 22."""
_MATRIX_LEVELS = {
    "auto": (1, 2),
    "gzip": (1, GZIP_MAX_LEVEL),
    "predictive": (1, 2),
    "unwrap": (1, 2),
    "zstd": (-7, 22),
}


class DataType(StrEnum):
    """Kinds of data that the compression matrix tells apart (guide, section 1)."""

    CRITICAL_ALERTS = "critical_alerts"
    IOT_SENSORS = "iot_sensors"
    NASA_FIRMS = "nasa_firms"
    WEATHER_BULK = "weather_bulk"
    SATELLITE_IMAGERY = "satellite_imagery"


class TopicProfileName(StrEnum):
    """How topics are configured: as measured to be best, or to the letter of the guide."""

    TUNED = "tuned"
    GUIDE = "guide"


def setting_keys() -> Mapping[str, FieldInfo]:
    """List every single setting by its dotted key, such as ``kafka_producer.compression_type``.

    Returns
    -------
    Mapping
        Key to pydantic's description of the field, in the order of `Settings`; rows of the
        compression matrix are listed by data type.
    """
    keys: dict[str, FieldInfo] = {}
    for name, info in Settings.model_fields.items():
        if name == "compression_matrix":
            for data_type in DataType:
                for part, part_info in CodecChoice.model_fields.items():
                    keys[f"{name}.{data_type}.{part}"] = part_info
        elif isinstance(info.default, BaseModel):
            for part, part_info in type(info.default).model_fields.items():
                keys[f"{name}.{part}"] = part_info
        else:
            keys[name] = info
    return keys


class ProducerSettings(FrozenSettings):
    """What the guide calls ``kafka_producer``, and the limits of sending."""

    compression_type: Literal["zstd", "gzip", "none"] = "zstd"
    """Default codec. Any other than ``zstd`` replaces zstd in every row of the matrix."""
    compression_level: Annotated[int, Field(ge=1, le=22)] = 3
    """Level for data without a row in the matrix (guide, section 1)."""
    enable_binary_serialization: bool = True
    """False: the rollback of section 9, base64 JSON on its own topic."""
    max_in_flight_bytes: PositiveInt = 32 * MB
    """Encoded bytes that may wait for acknowledgement before a send waits."""
    delivery_timeout_s: PositiveFloat = 120.0
    """How long a record may take to be acknowledged, retries included."""
    request_timeout_s: PositiveFloat = 30.0
    encode_workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that encode blocks."""
    order_by: Literal["image", "source"] = "image"
    """Key of image records: the image id, or the source id to keep each source's order."""
    validate_records: bool = True
    """Check small records against the schema of their data type before they are sent."""

    @model_validator(mode="after")
    def _level_exists(self) -> ProducerSettings:
        if self.compression_type == "gzip" and self.compression_level > GZIP_MAX_LEVEL:
            msg = (
                f"compression_level {self.compression_level} does not exist for compression_type "
                f"gzip: choose 1 to {GZIP_MAX_LEVEL}, or compression_type zstd"
            )
            raise ValueError(msg)
        return self


class RoutingSettings(FrozenSettings):
    """Thresholds of the guide's section 2, in raw bytes; 1 MB is 1,000,000 bytes."""

    direct_max_bytes: PositiveInt = 20 * MB
    """Largest image sent as one record."""
    chunked_max_bytes: PositiveInt = 100 * MB
    """Largest image sent in chunks; larger ones go by reference."""
    chunk_bytes: Annotated[int, Field(ge=64 * 1024, le=64 * MB)] = 5 * MB
    """Raw bytes of a chunk, and of a block of an object, before encoding."""
    max_image_bytes: PositiveInt = 4_000 * MB
    """Largest image accepted at all, sent or received."""

    @model_validator(mode="after")
    def _ordered(self) -> RoutingSettings:
        if not self.direct_max_bytes <= self.chunked_max_bytes <= self.max_image_bytes:
            msg = "direct_max_bytes <= chunked_max_bytes <= max_image_bytes must hold"
            raise ValueError(msg)
        return self


class ConsumerSettings(FrozenSettings):
    """Limits of receiving."""

    auto_offset_reset: Literal["earliest", "latest"] = "earliest"
    max_unacknowledged: Annotated[int, Field(ge=1, le=32)] = 1
    """Images that may be in the caller's hands at a time."""
    ready_bytes: PositiveInt = 256 * MB
    """Completed images that may wait for the caller before fetching pauses."""
    memory_bytes: PositiveInt = 512 * MB
    """Incomplete images held in memory; more spill to files."""
    spill_bytes: PositiveInt = 4_000 * MB
    """Spill files on disk; past it the oldest incomplete image goes to the dead letters."""
    spill_dir: Path | None = None
    """Where spill files lie; None for the system's temporary folder."""
    reassembly_timeout_s: PositiveFloat = 300.0
    """Five minutes (guide, section 2), in the partition's own time."""
    max_incomplete_images: PositiveInt = 1_000
    """Images that may be in reassembly at a time, whatever their size."""
    decode_workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that decode blocks."""
    session_timeout_s: Annotated[float, Field(ge=6, le=1800)] = 45.0


class S3Settings(FrozenSettings):
    """The object store of the reference route; not configured while `endpoint` is None."""

    endpoint: str | None = None
    """``host:port`` or a URL; AWS is ``s3.amazonaws.com``."""
    access_key: str | None = None
    secret_key: SecretStr | None = None
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = (
        "wildfire-satellite-imagery"
    )
    region: str | None = None
    secure: bool = True
    part_bytes: Annotated[int, Field(ge=5 * MIB, le=5_000 * MIB)] = 16 * MIB
    """Size of an upload part; S3's own minimum is 5 MiB."""
    parallel_parts: Annotated[int, Field(ge=1, le=16)] = 3
    presign_urls: bool = False
    """Send a pre-signed URL along, in a header of its own."""
    presign_expiry_s: Annotated[int, Field(ge=1, le=7 * 24 * 3600)] = 3600
    timeout_s: PositiveFloat = 60.0

    @property
    def configured(self) -> bool:
        """Whether the reference route can be used."""
        return self.endpoint is not None

    @model_validator(mode="after")
    def _credentials_come_in_pairs(self) -> S3Settings:
        if (self.access_key is None) != (self.secret_key is None):
            msg = "access_key and secret_key must be set together"
            raise ValueError(msg)
        return self


class CodecChoice(FrozenSettings):
    """One row of the compression matrix."""

    codec: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
    """Wire name of a codec, or ``none``."""
    level: int | None = None
    """None for the codec's default."""

    @model_validator(mode="after")
    def _level_exists(self) -> CodecChoice:
        # Levels of other codecs are checked by the codec itself, when it is first asked for.
        if self.level is None or self.codec not in _MATRIX_LEVELS:
            return self
        lowest, highest = _MATRIX_LEVELS[self.codec]
        if not lowest <= self.level <= highest:
            msg = f"level {self.level} does not exist for {self.codec}: {lowest} to {highest}"
            raise ValueError(msg)
        return self


def _guide_matrix() -> dict[DataType, CodecChoice]:
    return {
        DataType.CRITICAL_ALERTS: CodecChoice(codec="none"),
        DataType.IOT_SENSORS: CodecChoice(codec="zstd", level=1),
        DataType.NASA_FIRMS: CodecChoice(codec="zstd", level=3),
        DataType.WEATHER_BULK: CodecChoice(codec="zstd", level=6),
        DataType.SATELLITE_IMAGERY: CodecChoice(codec="zstd", level=1),
    }


class Settings(FrozenSettings):
    """Everything that can be set."""

    kafka: KafkaSettings = KafkaSettings()
    kafka_producer: ProducerSettings = ProducerSettings()
    compression_matrix: dict[DataType, CodecChoice] = Field(default_factory=_guide_matrix)
    routing: RoutingSettings = RoutingSettings()
    kafka_consumer: ConsumerSettings = ConsumerSettings()
    s3: S3Settings = S3Settings()
    service: ServiceSettings = ServiceSettings()
    log: LogSettings = LogSettings()
    topic_profile: TopicProfileName = TopicProfileName.TUNED
    topic_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")] = ""
    """Put before every topic name, so that several set-ups share brokers; empty as in the guide."""

    @model_validator(mode="after")
    def _every_row_of_the_matrix(self) -> Settings:
        missing = {**_guide_matrix(), **self.compression_matrix}
        object.__setattr__(self, "compression_matrix", missing)
        return self
