"""The user's metadata on its way into a record header and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from typing_extensions import Buffer

from wildfire_bench.errors import CorruptEnvelope, InvalidMetadata, MetadataTooLarge
from wildfire_bench.streaming.envelope.strict_json import parse_json_object

__all__ = [
    "MAX_METADATA_BYTES",
    "MAX_METADATA_DEPTH",
    "acquisition_time",
    "decode_metadata",
    "encode_metadata",
]

MAX_METADATA_BYTES: Final = 65_536
"""Largest JSON of an image's metadata."""
MAX_METADATA_DEPTH: Final = 32
"""Deepest nesting of objects and lists; the metadata itself is level 1."""

_MAX_INT_BITS: Final = 4_096  # below the 4,300 digits at which Python refuses to parse an integer
_TIME_KEYS: Final = ("timestamp", "datetime")


def encode_metadata(metadata: Mapping[str, Any] | None) -> bytes:
    """Write metadata as compact JSON in UTF-8.

    What goes in comes out of `decode_metadata` equal, with two exceptions that JSON forces: a tuple
    comes back as a list, and any other mapping as a dict.

    Parameters
    ----------
    metadata
        Strings as keys; values of text, finite numbers, booleans, None, lists, tuples and
        mappings. None stands for no metadata, which is ``{}``.

    Raises
    ------
    InvalidMetadata
        If it is not a mapping, or some value cannot be JSON. The message names the path of the
        value, such as ``location.lat``.
    MetadataTooLarge
        If its JSON exceeds `MAX_METADATA_BYTES`, which is a subclass of the above.
    """
    if metadata is None:
        return b"{}"
    _require_mapping(metadata)
    plain = _PlainCopy().of(metadata, "", 1)
    encoded = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(encoded) > MAX_METADATA_BYTES:
        _refuse_size(f"is {len(encoded):,} bytes as JSON")
    return encoded


def decode_metadata(encoded: Buffer) -> dict[str, Any]:
    """Read what `encode_metadata` wrote, strictly.

    Raises
    ------
    CorruptEnvelope
        If it is not one JSON object in UTF-8 within the limits of `encode_metadata`, holds NaN or
        an infinity, or names a key twice.
    """
    decoded = parse_json_object(encoded, MAX_METADATA_BYTES, "metadata")
    try:
        _PlainCopy().of(decoded, "", 1)
    except InvalidMetadata as error:
        raise CorruptEnvelope(str(error)) from None
    return decoded


def acquisition_time(metadata: Mapping[str, Any]) -> str | None:
    """When the image was taken, from ``timestamp`` or, where that is missing, ``datetime``.

    Parameters
    ----------
    metadata
        The time is text in ISO 8601, such as ``2025-10-13T10:00:00Z``. Without an offset it counts
        as UTC; a bare date is its first instant.

    Returns
    -------
    str | None
        RFC 3339 in UTC with ``Z``, microseconds only where there are any; None when neither key is
        there (or both are None).

    Raises
    ------
    InvalidMetadata
        If the value is not text or not a time. A number is refused too: nothing says whether it
        counts seconds or milliseconds.
    """
    for key in _TIME_KEYS:
        value = metadata.get(key)
        if value is not None:
            return _rfc3339_utc(key, value)
    return None


def _require_mapping(metadata: object) -> None:
    if not isinstance(metadata, Mapping):
        msg = (
            f"metadata is of type {type(metadata).__name__}: hand over a mapping such as "
            "{'timestamp': ..., 'satellite': ...}"
        )
        raise InvalidMetadata(msg)


class _PlainCopy:
    """Copies a value into dicts and lists alone, and refuses what JSON cannot hold.

    Stops at the first value too many: each one is at least a byte of JSON, so a small object that
    refers to itself a thousandfold cannot keep it busy.
    """

    def __init__(self) -> None:
        self._left = MAX_METADATA_BYTES

    def of(self, value: object, path: str, depth: int) -> object:
        self._spend(1)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, int):
            if value.bit_length() > _MAX_INT_BITS:
                _refuse(path, f"is an integer of more than {_MAX_INT_BITS} bits")
            return value
        if isinstance(value, float):
            if not math.isfinite(value):
                _refuse(path, f"is {value}, which JSON cannot hold: leave the key out or use None")
            return value
        if isinstance(value, Mapping | list | tuple):
            if depth > MAX_METADATA_DEPTH:
                _refuse(path, f"is nested deeper than {MAX_METADATA_DEPTH} levels")
            return self._container(value, path, depth)
        return _refuse(
            path,
            f"is of type {type(value).__name__}, which JSON cannot hold: convert it to text, a "
            "number, a boolean, None, a list or a mapping",
        )

    def _container(
        self, value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], path: str, depth: int
    ) -> object:
        if not isinstance(value, Mapping):
            return [self.of(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
        plain: dict[str, object] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                _refuse(path, f"has the key {key!r:.80}: keys must be text")
            name = self._text(key, f"{path}.{key!r:.80}" if path else f"{key!r:.80}")
            plain[name] = self.of(item, f"{path}.{name:.80}" if path else f"{name:.80}", depth + 1)
        return plain

    def _text(self, text: str, path: str) -> str:
        self._spend(len(text))
        try:
            text.encode()
        except UnicodeEncodeError:
            _refuse(path, "holds a lone surrogate, which UTF-8 cannot encode")
        return text

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            _refuse_size(f"is at least {MAX_METADATA_BYTES + 1:,} bytes as JSON")


def _refuse(path: str, why: str) -> NoReturn:
    msg = f"metadata value {path} {why}" if path else f"metadata {why}"
    raise InvalidMetadata(msg)


def _refuse_size(how_large: str) -> NoReturn:
    msg = (
        f"metadata {how_large}; {MAX_METADATA_BYTES:,} bytes are allowed, since it travels in a "
        "record header: keep bulky data in the image file or in an object of its own"
    )
    raise MetadataTooLarge(msg)


def _rfc3339_utc(key: str, value: object) -> str:
    if not isinstance(value, str):
        msg = (
            f"metadata value {key} is {value!r:.80}: write the time as text in ISO 8601, such as "
            "2025-10-13T10:00:00Z"
        )
        raise InvalidMetadata(msg)
    try:
        moment = datetime.fromisoformat(value.strip().upper())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = (
            f"metadata value {key} is {value!r:.80}, which is no time in ISO 8601: write it such "
            "as 2025-10-13T10:00:00Z"
        )
        raise InvalidMetadata(msg) from None
    return moment.replace(tzinfo=None).isoformat() + "Z"
