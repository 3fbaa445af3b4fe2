"""The work from image bytes to Kafka value, alone: the guide's "serialization time".

The guide sets 850 ms against 120 ms without saying which path either is, so every path that could
be meant is timed: JSON with and without gzip, binary with each codec. The code is the library's;
only gzip on JSON is composed here, as aiokafka does it (Python's zlib, level 6). What is taken is
the thread's CPU time: on an idle core the time it takes, on a busy one still the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wildfire_bench.bench.measurements import SerializationSample
from wildfire_bench.compression.codec import Buffer, encoder
from wildfire_bench.streaming.binary_serializer import BinaryImageSerializer
from wildfire_bench.streaming.json_fallback import encode_json_image
from wildfire_bench.streaming.model import ImageIdentity

__all__ = ["PATHS", "SerializationPath", "time_serialization"]


@dataclass(frozen=True, slots=True)
class SerializationPath:
    """One way from image to Kafka value."""

    name: str
    label: str
    codec: str | None
    """Wire name of the codec; None for none."""
    level: int | None = None
    json: bool = False


PATHS: tuple[SerializationPath, ...] = (
    SerializationPath("json", "base64 JSON", None, json=True),
    SerializationPath("json_gzip", "base64 JSON + gzip 6", "gzip", 6, json=True),
    SerializationPath("binary_gzip", "binary + gzip 6", "gzip", 6),
    SerializationPath("binary_zstd3", "binary + zstd 3", "zstd", 3),
    SerializationPath("binary_zstd1", "binary + zstd 1", "zstd", 1),
)
"""Ways from image to Kafka value that the guide's "serialization time" could mean."""


def time_serialization(
    image: bytes, metadata: Mapping[str, Any], identity: ImageIdentity, round_: int
) -> list[SerializationSample]:
    """Time every path once.

    Parameters
    ----------
    image, metadata, identity
        What is serialized.
    round_
        Kept with the samples; 0 is the warm-up.
    """
    samples = []
    for path in PATHS:
        serialize = _serializer(path, metadata, identity, len(image))
        started_s = time.thread_time()
        value = serialize(image)
        elapsed_ms = (time.thread_time() - started_s) * 1e3
        samples.append(SerializationSample(path.name, round_, elapsed_ms, memoryview(value).nbytes))
    return samples


def _serializer(
    path: SerializationPath, metadata: Mapping[str, Any], identity: ImageIdentity, size_bytes: int
) -> Callable[[bytes], Buffer]:
    codec = None if path.codec is None else encoder(path.codec, path.level)
    if path.json:

        def as_json(image: bytes) -> Buffer:
            value = encode_json_image(image, metadata, identity)
            return value if codec is None else codec.encode(value)

        return as_json
    binary = BinaryImageSerializer(codec or encoder("stored"), max_image_bytes=max(size_bytes, 1))
    return lambda image: binary.serialize(image).payload
