"""Satellite images through Apache Kafka and S3, and what it costs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wildfire_bench.settings import Settings
    from wildfire_bench.settings_sources import load_settings
    from wildfire_bench.streaming.binary_serializer import BinaryImageSerializer
    from wildfire_bench.streaming.catalogue import browse, fetch
    from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager
    from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
    from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
    from wildfire_bench.streaming.model import Receipt, Renewal, Route
    from wildfire_bench.streaming.record_consumer import RecordConsumer
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler
    from wildfire_bench.streaming.satellite_image import SatelliteImage

__all__ = [
    "BinaryImageSerializer",
    "ImageChunkManager",
    "KafkaDataProducer",
    "Receipt",
    "RecordConsumer",
    "Renewal",
    "Route",
    "S3ReferenceHandler",
    "SatelliteImage",
    "SatelliteImageConsumer",
    "Settings",
    "browse",
    "fetch",
    "load_settings",
]

_HOMES = {
    "BinaryImageSerializer": "wildfire_bench.streaming.binary_serializer",
    "ImageChunkManager": "wildfire_bench.streaming.image_chunk_manager",
    "KafkaDataProducer": "wildfire_bench.streaming.kafka_producer",
    "Receipt": "wildfire_bench.streaming.model",
    "RecordConsumer": "wildfire_bench.streaming.record_consumer",
    "Renewal": "wildfire_bench.streaming.model",
    "Route": "wildfire_bench.streaming.model",
    "S3ReferenceHandler": "wildfire_bench.streaming.s3_reference_handler",
    "SatelliteImage": "wildfire_bench.streaming.satellite_image",
    "SatelliteImageConsumer": "wildfire_bench.streaming.image_consumer",
    "Settings": "wildfire_bench.settings",
    "browse": "wildfire_bench.streaming.catalogue",
    "fetch": "wildfire_bench.streaming.catalogue",
    "load_settings": "wildfire_bench.settings_sources",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the package itself imports fast."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
