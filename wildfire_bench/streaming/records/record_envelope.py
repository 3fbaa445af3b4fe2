"""Value and headers of small records: the only place that knows how they lie in Kafka.

The value is compact JSON in UTF-8, the key the source id. The headers are a CloudEvent in binary
mode (Kafka protocol binding 1.0.2) and nothing else; in a compressed batch they cost a few bytes a
record, since all but the id repeat. The id is a hash of the content, so that a resend of the same
record has the same id. Event time is ``ce_time`` and not Kafka's own time stamp: retention goes by
that one, and would delete old measurements as they arrive.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote

import xxhash

from wildfire_bench.errors import CorruptEnvelope, InputError, InvalidMetadata, RecordInvalid
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.envelope.metadata import acquisition_time
from wildfire_bench.streaming.envelope.strict_json import parse_json_object
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.sending.lane_client import MAX_RECORD_BYTES

__all__ = ["EVENT_TYPES", "EncodedRecord", "ReceivedRecord", "decode_record", "encode_record"]

EVENT_TYPES: Final[Mapping[DataType, str]] = {
    DataType.CRITICAL_ALERTS: "wildfire.critical-alert.v1",
    DataType.IOT_SENSORS: "wildfire.iot-sensor.v1",
    DataType.NASA_FIRMS: "wildfire.nasa-firms.v1",
    DataType.WEATHER_BULK: "wildfire.weather-bulk.v1",
}
"""``ce_type`` of each kind of record."""
MAX_SOURCE_ID_CHARS = 256
MAX_DEPTH = 32
"""Deepest nesting of a record."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_CONSTANT_HEADERS = (("ce_specversion", b"1.0"), ("content-type", b"application/json"))


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """A record as it goes into Kafka."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class ReceivedRecord:
    """A small record as a consumer gets it."""

    data_type: DataType
    record: dict[str, Any]
    source_id: str | None
    """From the headers, else the key; None when the sender gave neither."""
    timestamp: str | None
    """When it happened: RFC 3339 in UTC."""
    event_id: str | None
    """Equal for every resend of the same record; None from foreign senders."""
    place: RecordPlace


def encode_record(
    data_type: DataType,
    record: Mapping[str, Any],
    source_id: str,
    timestamp: str | datetime | None = None,
) -> EncodedRecord:
    """Write a record.

    Parameters
    ----------
    data_type
        Which lane it is for.
    record
        Checked already, or not to be checked; it must still be JSON.
    source_id
        Who sent it: the key, by which Kafka keeps the order.
    timestamp
        When it happened; None takes the record's own ``timestamp`` or ``valid_time``.

    Raises
    ------
    RecordInvalid
        If something in it cannot be JSON, or its time is no time; names the field.
    InputError
        If the source id is empty or longer than 256 characters.
    """
    if not 0 < len(source_id) <= MAX_SOURCE_ID_CHARS:
        msg = f"source_id has {len(source_id)} characters: give 1 to {MAX_SOURCE_ID_CHARS}"
        raise InputError(msg)
    value = _json_of(data_type, record)
    headers = [
        *_CONSTANT_HEADERS,
        ("ce_type", EVENT_TYPES[data_type].encode()),
        ("ce_source", quote(source_id, safe="").encode()),
    ]
    time = _time_of(data_type, record, timestamp)
    if time is not None:
        headers.append(("ce_time", time.encode()))
    event_id = xxhash.xxh3_64_hexdigest(value + (time or "").encode())
    headers.append(("ce_id", event_id.encode()))
    return EncodedRecord(source_id.encode(), value, tuple(headers))


def decode_record(
    data_type: DataType,
    place: RecordPlace,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | str | None]] | None,
) -> ReceivedRecord:
    """Read a record; one without our headers, from another kind of sender, is read as well.

    Raises
    ------
    CorruptEnvelope
        If the value is not one JSON object, strictly, or a header is not UTF-8.
    """
    if value is None:
        msg = f"{data_type} record has no value"
        raise CorruptEnvelope(msg)
    record = parse_json_object(value, MAX_RECORD_BYTES, f"{data_type} record")
    found = dict(headers or ())
    source = _text(found.get("ce_source"), "ce_source")
    return ReceivedRecord(
        data_type=data_type,
        record=record,
        source_id=_text(key, "key") if source is None else unquote(source),
        timestamp=_text(found.get("ce_time"), "ce_time"),
        event_id=_text(found.get("ce_id"), "ce_id"),
        place=place,
    )


def _json_of(data_type: DataType, record: Mapping[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(record if isinstance(record, dict) else dict(record)).encode()
    except (ValueError, TypeError, RecursionError) as error:
        path, why = _first_unfit(record, "", 1) or ("", str(error))
    msg = f"{data_type} record: field {path or 'itself'} {why}"
    raise RecordInvalid(msg)


def _time_of(
    data_type: DataType, record: Mapping[str, Any], timestamp: str | datetime | None
) -> str | None:
    if timestamp is None:
        timestamp = record.get("timestamp") or record.get("valid_time")
        if not isinstance(timestamp, str):
            return None
    elif isinstance(timestamp, datetime):
        timestamp = timestamp.isoformat()
    try:
        return acquisition_time({"timestamp": timestamp})
    except InvalidMetadata as error:
        text = str(error).removeprefix("metadata value ")
    msg = f"{data_type} record: {text}"
    raise RecordInvalid(msg)


def _first_unfit(value: object, path: str, depth: int) -> tuple[str, str] | None:
    """Find what JSON cannot hold: its path and why. Looked for only once encoding failed."""
    if depth > MAX_DEPTH:
        return path, f"is nested deeper than {MAX_DEPTH} levels"
    if isinstance(value, Mapping):
        items: Iterable[tuple[str, object]] = (
            (f"{path}.{name}" if path else str(name), each) for name, each in value.items()
        )
    elif isinstance(value, list | tuple):
        items = ((f"{path}[{index}]", each) for index, each in enumerate(value))
    else:
        why = _why_unfit(value)
        return None if why is None else (path, why)
    return next(
        (found for name, each in items if (found := _first_unfit(each, name, depth + 1))), None
    )


def _why_unfit(value: object) -> str | None:
    if value is None or isinstance(value, bool | int):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else f"is {value}, which JSON cannot hold: use None"
    if isinstance(value, str):
        return None if value.isascii() or _encodes(value) else "holds a lone surrogate"
    return f"is of type {type(value).__name__}: give text, a number, a boolean, None, list or dict"


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(data: bytes | str | None, what: str) -> str | None:
    if data is None or isinstance(data, str):
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        msg = f"{what} of the record is not UTF-8"
        raise CorruptEnvelope(msg) from None
