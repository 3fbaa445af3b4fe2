"""Reading of the fields of a STAC Item that describe an image and where it lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from wildfire_bench.errors import CorruptEnvelope, InvalidMetadata, UnsupportedFormat
from wildfire_bench.streaming.envelope.image_id import check_image_id
from wildfire_bench.streaming.envelope.metadata import (
    acquisition_time,
    decode_metadata,
    encode_metadata,
)
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation, RecordPlace, Route

__all__ = ["MAX_RECORDS", "read_identity", "read_location", "read_metadata"]

MAX_RECORDS: Final = 100_000
"""Records that an image may have; looked at before any list of them is made."""

_MAX_NUMBER: Final = (1 << 63) - 1
_DIGEST: Final = re.compile(r"[a-z0-9-]{1,32}:[0-9a-f]{8,128}")
_CODEC: Final = re.compile(r"[a-z0-9_-]{1,32}")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_OBJECT: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.{1,1024})", re.DOTALL)


def read_identity(item: Mapping[str, Any], version: int) -> tuple[ImageIdentity, Route, str]:
    """Read which image it is, its route and its codec.

    Raises
    ------
    CorruptEnvelope
        If a field is missing or malformed, or the id is that of another image.
    UnsupportedFormat
        If the Item is of a later version than `version`.
    """
    properties = _mapping(item, "properties")
    written = _number(properties, "wildfire:version", at_least=1)
    if written > version:
        msg = (
            f"catalogue entry is of version {written}, this library reads up to {version}: "
            "upgrade wildfire-bench"
        )
        raise UnsupportedFormat(msg)
    identity = ImageIdentity(
        image_id=_text(item, "id"),
        source_id=_text(properties, "wildfire:source_id"),
        size_bytes=_number(properties, "wildfire:size_bytes", at_least=1),
        digest=_matching(properties, "wildfire:digest", _DIGEST),
        media_type=_text(properties, "wildfire:media_type"),
        acquired=_acquired(properties),
    )
    check_image_id(identity)
    route = _text(properties, "wildfire:route")
    if route not in set(Route):
        _refuse("wildfire:route", route)
    return identity, Route(route), _matching(properties, "wildfire:codec", _CODEC)


def read_metadata(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read the user's metadata.

    Raises
    ------
    CorruptEnvelope
        If it is missing or exceeds what metadata may be.
    """
    metadata = _mapping(_mapping(item, "properties"), "wildfire:metadata")
    try:
        return decode_metadata(encode_metadata(metadata))
    except InvalidMetadata as error:
        msg = f"catalogue entry: {error}"
        raise CorruptEnvelope(msg) from None


def read_location(
    item: Mapping[str, Any], identity: ImageIdentity, route: Route
) -> tuple[RecordPlace, ...] | ObjectLocation:
    """Read where the payload lies, which must fit the image's route and size.

    Raises
    ------
    CorruptEnvelope
        If a field is missing or malformed, or contradicts another.
    """
    asset = _mapping(_mapping(item, "assets"), "image")
    if route is Route.REFERENCE:
        return _object(asset, identity)
    places = _places(asset)
    if route is not Route.CHUNKED and len(places) != 1:
        _refuse("wildfire:records", f"{len(places):,} records on the route {route}")
    return places


def _object(asset: Mapping[str, Any], identity: ImageIdentity) -> ObjectLocation:
    found = _OBJECT.fullmatch(_text(asset, "href"))
    if found is None:
        _refuse("href", asset["href"])
    blocks = tuple(_block(block) for block in _list(asset, "wildfire:blocks"))
    location = ObjectLocation(
        bucket=found[1],
        key=found[2],
        size_bytes=_number(asset, "wildfire:encoded_bytes", at_least=1),
        blocks=blocks,
    )
    encoded, decoded = sum(block[0] for block in blocks), sum(block[1] for block in blocks)
    if (encoded, decoded) != (location.size_bytes, identity.size_bytes):
        msg = (
            f"catalogue entry of {identity.image_id}: its blocks sum up to {encoded:,} encoded and "
            f"{decoded:,} decoded bytes where {location.size_bytes:,} and {identity.size_bytes:,} "
            "are announced"
        )
        raise CorruptEnvelope(msg)
    return location


def _block(block: object) -> tuple[int, int, str]:
    if not isinstance(block, list) or len(block) != 3:
        _refuse("wildfire:blocks", block)
    fields = dict(zip(("encoded", "decoded", "digest"), block, strict=True))
    return (
        _number(fields, "encoded", at_least=1),
        _number(fields, "decoded", at_least=1),
        _matching(fields, "digest", _DIGEST),
    )


def _places(asset: Mapping[str, Any]) -> tuple[RecordPlace, ...]:
    places: list[RecordPlace] = []
    for group in _list(asset, "wildfire:records"):
        if not isinstance(group, dict):
            _refuse("wildfire:records", group)
        topic = _matching(group, "topic", _TOPIC)
        partition = _number(group, "partition")
        for run in _list(group, "offsets"):
            if not isinstance(run, list) or len(run) != 2:
                _refuse("offsets", run)
            fields = dict(zip(("first", "count"), run, strict=True))
            first, count = _number(fields, "first"), _number(fields, "count", at_least=1)
            if len(places) + count > MAX_RECORDS:
                _refuse("wildfire:records", f"more than {MAX_RECORDS:,} records")
            places += [RecordPlace(topic, partition, first + i) for i in range(count)]
    return tuple(places)


def _acquired(properties: Mapping[str, Any]) -> str | None:
    value = properties.get("datetime", "")
    try:
        acquired = acquisition_time({"datetime": value})
    except InvalidMetadata:
        _refuse("datetime", value)
    if acquired != value:  # a sender writes it in one form only
        _refuse("datetime", value)
    return acquired


def _mapping(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        _refuse(name, value)
    return value


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    if not isinstance(value, list) or not value:
        _refuse(name, value)
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        _refuse(name, value)
    return value


def _matching(fields: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = _text(fields, name)
    if form.fullmatch(value) is None:
        _refuse(name, value)
    return value


def _number(fields: Mapping[str, Any], name: str, at_least: int = 0) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(name, value)
    if not at_least <= value <= _MAX_NUMBER:
        _refuse(name, value)
    return value


def _refuse(name: str, value: object) -> NoReturn:
    found = "is missing" if value is None else f"is {value!r:.80}"
    msg = f"catalogue entry: {name} {found}, which no sender of this library writes"
    raise CorruptEnvelope(msg)
