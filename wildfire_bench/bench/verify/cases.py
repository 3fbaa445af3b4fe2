"""What `verify` tries: every route, format and codec with small images, thresholds with large."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from wildfire_bench.compression import Buffer, codec_names
from wildfire_bench.errors import SampleUnavailable
from wildfire_bench.samples import sample
from wildfire_bench.samples.formats import FormatSample, format_names, format_sample
from wildfire_bench.settings import CodecChoice, DataType, RoutingSettings, Settings
from wildfire_bench.streaming.model import Route

__all__ = ["MATRIX", "MAX_BOUNDARY_BYTES", "VerifyCase", "boundary_cases", "matrix_cases"]

MATRIX: Final = "matrix"
"""What a case is called that tries a route, format and codec, not a threshold."""
MAX_BOUNDARY_BYTES: Final = 200_000_000
"""Largest image sent; thresholds that were set above it are not tried."""

_SMALLEST_CHUNK_BYTES: Final = 64 * 1024
_LARGE_BYTES: Final = 10_000_000
"""More than any image of the matrix."""
_JSON_COMPRESSION: Final = {"stored": "none", "gzip": "gzip", "zstd": "zstd"}
"""What the Kafka client compresses JSON with; it has none of the other codecs."""
_BOUNDARY_SCENE: Final = "sentinel-2"


@dataclass(frozen=True, slots=True)
class VerifyCase:
    """One image to send and receive."""

    route: Route
    """Which it has to take."""
    format: str
    codec: str
    case: str
    settings: Settings
    """With which it takes this route."""
    image: Callable[[], Buffer]
    metadata: Mapping[str, Any]
    media_type: str


def matrix_cases(settings: Settings) -> tuple[tuple[VerifyCase, ...], tuple[str, ...]]:
    """Pair every route with every format and codec.

    Returns
    -------
    tuple
        The cases, those with equal settings together, and what cannot be tried here and why.
    """
    not_tried: list[str] = []
    samples: list[FormatSample] = []
    for name in format_names():
        try:
            samples.append(format_sample(name))
        except SampleUnavailable as error:
            not_tried.append(f"format {name}: {error}")
    cases: list[VerifyCase] = []
    for route in Route:
        if route is Route.REFERENCE and not settings.s3.configured:
            not_tried.append(NO_STORE)
            continue
        for codec in codec_names():
            if route is Route.JSON and codec not in _JSON_COMPRESSION:
                continue
            taking = _taking(settings, route, codec)
            cases += [_small(route, each, codec, taking) for each in samples]
    return tuple(cases), tuple(not_tried)


def boundary_cases(settings: Settings) -> tuple[tuple[VerifyCase, ...], tuple[str, ...]]:
    """Try both sides of the thresholds in force, with the codec in force.

    Returns
    -------
    tuple
        The cases, and what cannot be tried here and why.
    """
    binary = settings.kafka_producer.model_copy(update={"enable_binary_serialization": True})
    settings = settings.model_copy(update={"kafka_producer": binary})
    direct, chunked = settings.routing.direct_max_bytes, settings.routing.chunked_max_bytes
    wanted = [
        ("direct_max_bytes", direct, Route.DIRECT),
        ("direct_max_bytes + 1", direct + 1, Route.CHUNKED),
        ("chunked_max_bytes", chunked, Route.CHUNKED),
        ("chunked_max_bytes + 1", chunked + 1, Route.REFERENCE),
    ]
    cases, not_tried = [], []
    for name, size_bytes, route in wanted:
        if size_bytes > min(MAX_BOUNDARY_BYTES, settings.routing.max_image_bytes):
            not_tried.append(f"{name}: {size_bytes:,} bytes are more than is sent here")
        elif route is Route.REFERENCE and not settings.s3.configured:
            not_tried.append(f"{name}: {NO_STORE}")
        else:
            cases.append(_large(name, size_bytes, route, settings))
    return tuple(cases), tuple(not_tried)


NO_STORE: Final = (
    "route reference: no object store is configured (S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY)"
)


def _taking(settings: Settings, route: Route, codec: str) -> Settings:
    """Settings with which any small image takes a route, encoded by a codec."""
    on_json = route is Route.JSON
    producer = settings.kafka_producer.model_copy(
        update={
            "enable_binary_serialization": not on_json,
            "compression_type": _JSON_COMPRESSION[codec] if on_json else "zstd",
        }
    )
    row = {DataType.SATELLITE_IMAGERY: CodecChoice(codec=codec)}
    return settings.model_copy(
        update={
            "kafka_producer": producer,
            "routing": RoutingSettings(
                direct_max_bytes=_LARGE_BYTES if route is Route.DIRECT else 1,
                chunked_max_bytes=1 if route is Route.REFERENCE else _LARGE_BYTES,
                chunk_bytes=_SMALLEST_CHUNK_BYTES,
            ),
            "compression_matrix": {**settings.compression_matrix, **row},
        }
    )


def _small(route: Route, sample_: FormatSample, codec: str, settings: Settings) -> VerifyCase:
    return VerifyCase(
        route=route,
        format=sample_.name,
        codec=codec,
        case=MATRIX,
        settings=settings,
        image=partial(_itself, sample_.data),
        metadata=sample_.metadata,
        media_type=sample_.media_type,
    )


def _itself(data: bytes) -> bytes:
    return data


def _large(name: str, size_bytes: int, route: Route, settings: Settings) -> VerifyCase:
    def image() -> memoryview:
        return sample(_BOUNDARY_SCENE, size_bytes, exact=True).data

    return VerifyCase(
        route=route,
        format="tiff",
        codec=settings.compression_matrix[DataType.SATELLITE_IMAGERY].codec,
        case=name,
        settings=settings,
        image=image,
        metadata={},
        media_type="image/tiff",
    )
