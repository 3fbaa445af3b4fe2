"""What codecs make of batches of small records, without Kafka: by batch size, and by form."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

from wildfire_bench.samples.fields import weather_fields
from wildfire_bench.samples.records import sample_records
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.records.record_envelope import encode_record
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

__all__ = ["BATCH_SIZES", "FORMS", "BatchSize", "FormSize", "batch_sizes", "form_sizes"]

BATCH_SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
"""Records in a batch."""
FORMS = ("JSON numbers", "JSON with base64", "binary floats")
"""Ways to write the same weather field."""
RECORD_FRAME_BYTES = 7
"""Length, attributes, time stamp and offset deltas of a record in a batch (KIP-98), about."""
MAX_BATCHES = 12
"""Batches of a size that are compressed; spread over all records."""
MAX_BATCH_BYTES = 1_000_000
"""librdkafka's ``batch.size``."""
GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class BatchSize:
    """Raw bytes per compressed byte, for one batch size."""

    data_type: DataType
    codec: str
    records: int
    raw_bytes: int
    compressed_bytes: int


@dataclass(frozen=True, slots=True)
class FormSize:
    """All sample fields in one form, each compressed alone."""

    form: str
    codec: str
    raw_bytes: int
    compressed_bytes: int


def batch_sizes(settings: Settings) -> tuple[BatchSize, ...]:
    """Compress batches of every size with gzip 6 and with the level of the matrix."""
    found = []
    for data_type in LANE_PLANS:
        framed = [_framed(data_type, record) for record in sample_records(data_type)]
        for size in BATCH_SIZES:
            batches = _batches(framed, size)
            if not batches:
                continue
            for codec, compress in _codecs(data_type, settings).items():
                raw = sum(len(batch) for batch in batches)
                compressed = sum(len(compress(batch)) for batch in batches)
                found.append(BatchSize(data_type, codec, size, raw, compressed))
    return tuple(found)


def form_sizes(settings: Settings) -> tuple[FormSize, ...]:
    """Compress every weather field alone, in every form."""
    forms: dict[str, list[bytes]] = {form: [] for form in FORMS}
    for field in weather_fields():
        forms["JSON numbers"].append(_value(field.record()))
        forms["JSON with base64"].append(_value(field.record("base64")))
        forms["binary floats"].append(field.as_bytes())
    return tuple(
        FormSize(form, codec, _total(values), _total(compress(value) for value in values))
        for form, values in forms.items()
        for codec, compress in _codecs(DataType.WEATHER_BULK, settings).items()
    )


def _codecs(data_type: DataType, settings: Settings) -> Mapping[str, Callable[[bytes], bytes]]:
    row = settings.compression_matrix[data_type]
    level = settings.kafka_producer.compression_level if row.level is None else row.level
    zstd = zstandard.ZstdCompressor(level=level)
    return {
        f"gzip {GZIP_LEVEL}": lambda data: zlib.compress(data, GZIP_LEVEL, wbits=31),
        f"zstd {level}": zstd.compress,
    }


def _framed(data_type: DataType, record: Mapping[str, Any]) -> bytes:
    """A record as it lies in a batch, near enough: frame, key, value and headers."""
    encoded = encode_record(data_type, record, "bench")
    headers = b"".join(name.encode() + value for name, value in encoded.headers)
    lengths = bytes(RECORD_FRAME_BYTES + 2 * len(encoded.headers))
    return lengths + encoded.key + encoded.value + headers


def _batches(framed: Sequence[bytes], size: int) -> list[bytes]:
    starts = range(0, len(framed) - size + 1, size)
    step = max(1, len(starts) // MAX_BATCHES)
    batches = [b"".join(framed[start : start + size]) for start in starts[::step][:MAX_BATCHES]]
    return [batch for batch in batches if size == 1 or len(batch) <= MAX_BATCH_BYTES]


def _value(record: Mapping[str, Any]) -> bytes:
    return encode_record(DataType.WEATHER_BULK, record, "bench").value


def _total(values: Iterable[bytes]) -> int:
    return sum(len(value) for value in values)
