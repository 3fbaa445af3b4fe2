"""The catalogue: one STAC Item an image on the metadata topic, with where its payload lies.

An Item can be browsed by any STAC client and carries all that is needed to fetch the image without
reading the image topics: `parse_item` is the inverse of `build_item`. What STAC has no field for
stands under the prefix ``wildfire:``. The digest is such a field: ``file:checksum`` of STAC's file
extension must be a multihash, and XXH3 is registered as a hash but not as a multihash.

The asset's ``href`` is ``s3://bucket/key`` for an object and ``kafka:///topic/partition/offset``,
of its first record, for what lies in Kafka; the brokers are the catalogue's own. All records are
named by ``wildfire:records``: runs of ``[first offset, count]`` in chunk order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final, TypeAlias

from typing_extensions import Buffer

from wildfire_bench.errors import ImageTooLarge
from wildfire_bench.streaming.envelope.metadata import decode_metadata, encode_metadata
from wildfire_bench.streaming.envelope.strict_json import parse_json_object
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation, RecordPlace, Route
from wildfire_bench.streaming.stac.footprint import footprint_of
from wildfire_bench.streaming.stac.item_reading import read_identity, read_location, read_metadata

__all__ = [
    "ITEM_VERSION",
    "MAX_ITEM_BYTES",
    "CatalogueEntry",
    "Location",
    "block_entry_bytes",
    "build_item",
    "parse_item",
]

ITEM_VERSION: Final = 1
"""Version of the ``wildfire:`` fields."""
MAX_ITEM_BYTES: Final = 1_000_000
"""Largest Item: the metadata topic takes 1 MiB a record (guide, section 3), headers included."""

STAC_VERSION: Final = "1.1.0"
FIRST_SATELLITE: Final = "1957-10-04T00:00:00Z"
"""Start of Sputnik 1: no satellite image is older."""

_ENCODED_TYPES: Final = {
    "zstd": "application/zstd",
    "gzip": "application/gzip",
    "base64-json": "application/json",
}

Location: TypeAlias = tuple[RecordPlace, ...] | ObjectLocation
"""Where a payload lies: its records in chunk order, or its object."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What an Item says."""

    identity: ImageIdentity
    metadata: Mapping[str, Any] = field(repr=False)
    """The user's, verbatim."""
    route: Route
    codec: str
    location: Location


def build_item(
    identity: ImageIdentity,
    metadata: Mapping[str, Any],
    route: Route,
    codec: str,
    location: Location,
    *,
    created: datetime | None = None,
) -> bytes:
    """Write the Item of an image.

    Parameters
    ----------
    identity, metadata, route, codec
        Of the image as it was sent. From the metadata, ``satellite``, ``sensor`` and
        ``resolution_m`` become ``platform``, ``instruments`` and ``gsd``; ``geometry``, ``bbox`` or
        ``location`` the footprint, which is null when unknown. All of it stays verbatim in
        ``wildfire:metadata``.
    location
        Where the payload lies.
    created
        When the Item is written; None for now. It bounds the time of an image whose acquisition
        time is unknown: STAC then asks for an interval, which is that from the first satellite to
        this moment.

    Returns
    -------
    bytes
        JSON in UTF-8 of at most `MAX_ITEM_BYTES`.

    Raises
    ------
    InvalidMetadata
        As `encode_metadata` does.
    ImageTooLarge
        If it lies in so many pieces that its Item would exceed `MAX_ITEM_BYTES`.
    """
    plain = decode_metadata(encode_metadata(metadata))
    footprint = footprint_of(plain)
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [],
        "id": identity.image_id,
        "geometry": None if footprint is None else footprint.geometry,
        "bbox": None if footprint is None else footprint.bbox,
        "properties": {
            **_times(identity, created or datetime.now(UTC)),
            **_common(plain),
            **_ours(identity, route, codec),
            "wildfire:metadata": plain,
        },
        "links": [],
        "assets": {"image": _asset(identity, codec, location)},
    }
    if footprint is None:
        del item["bbox"]  # STAC forbids it beside a null geometry
    return _encode(item, identity)


def block_entry_bytes(block: tuple[int, int, str]) -> int:
    """How much an Item grows by a block of its object."""
    return len(json.dumps(block, separators=(",", ":"))) + len(",")


def parse_item(value: Buffer) -> CatalogueEntry:
    """Read an Item that `build_item` wrote.

    Raises
    ------
    CorruptEnvelope
        If it is not such an Item; the message names the field.
    UnsupportedFormat
        If a newer version of this library wrote it.
    """
    item = parse_json_object(value, MAX_ITEM_BYTES, "catalogue entry")
    identity, route, codec = read_identity(item, ITEM_VERSION)
    location = read_location(item, identity, route)
    return CatalogueEntry(identity, read_metadata(item), route, codec, location)


def _times(identity: ImageIdentity, created: datetime) -> dict[str, Any]:
    moment = created.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if identity.acquired is not None:
        return {"datetime": identity.acquired, "created": moment}
    return {
        "datetime": None,
        "start_datetime": FIRST_SATELLITE,
        "end_datetime": moment,
        "created": moment,
    }


def _common(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Map the fields of the guide's example to STAC's common metadata, in lower case as it asks."""
    found: dict[str, Any] = {}
    satellite, sensor = metadata.get("satellite"), metadata.get("sensor")
    resolution_m: Any = metadata.get("resolution_m")
    if isinstance(satellite, str) and satellite:
        found["platform"] = satellite.lower()
    sensors: list[Any] = sensor if isinstance(sensor, list) else [sensor]
    if all(isinstance(name, str) and name for name in sensors) and sensors:
        found["instruments"] = [name.lower() for name in sensors]
    is_number = isinstance(resolution_m, int | float) and not isinstance(resolution_m, bool)
    if is_number and resolution_m > 0:
        found["gsd"] = resolution_m
    return found


def _ours(identity: ImageIdentity, route: Route, codec: str) -> dict[str, Any]:
    """What STAC has no field for."""
    return {
        "wildfire:version": ITEM_VERSION,
        "wildfire:source_id": identity.source_id,
        "wildfire:media_type": identity.media_type,
        "wildfire:size_bytes": identity.size_bytes,
        "wildfire:digest": identity.digest,
        "wildfire:route": route.value,
        "wildfire:codec": codec,
    }


def _asset(identity: ImageIdentity, codec: str, location: Location) -> dict[str, Any]:
    asset: dict[str, Any] = {
        "type": identity.media_type
        if codec == "stored"
        else _ENCODED_TYPES.get(codec, "application/octet-stream"),
        "roles": ["data"],
    }
    if isinstance(location, ObjectLocation):
        return asset | {
            "href": location.uri,
            "wildfire:encoded_bytes": location.size_bytes,
            "wildfire:blocks": [list(block) for block in location.blocks],
        }
    first = location[0]
    return asset | {
        "href": f"kafka:///{first.topic}/{first.partition}/{first.offset}",
        "wildfire:records": [
            {"topic": topic, "partition": partition, "offsets": _runs([p.offset for p in places])}
            for (topic, partition), places in groupby(location, lambda p: (p.topic, p.partition))
        ],
    }


def _encode(item: Mapping[str, Any], identity: ImageIdentity) -> bytes:
    encoded = json.dumps(item, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    if len(encoded) > MAX_ITEM_BYTES:
        msg = (
            f"the catalogue entry of {identity.image_id} is {len(encoded):,} bytes where "
            f"{MAX_ITEM_BYTES:,} are allowed: raise routing.chunk_bytes, so that the image lies in "
            "fewer pieces"
        )
        raise ImageTooLarge(msg)
    return encoded


def _runs(offsets: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset == sum(runs[-1]):
            runs[-1][1] += 1
        else:
            runs.append([offset, 1])
    return runs
