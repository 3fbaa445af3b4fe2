"""Where on Earth an image was taken, as GeoJSON, read from the user's metadata."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Footprint", "footprint_of"]

_MAX_LON: Final = 180.0
_MAX_LAT: Final = 90.0
_LEAST_RING: Final = 4
"""Positions of a polygon's ring, the first repeated as the last (RFC 7946, section 3.1.6)."""

# How many lists stand around the positions of each type.
_DEPTHS: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}


@dataclass(frozen=True, slots=True)
class Footprint:
    """A GeoJSON geometry and the box around it, in degrees of longitude and latitude (WGS 84)."""

    geometry: Mapping[str, Any]
    bbox: tuple[float, float, float, float]
    """West, south, east, north; west is the larger one across the antimeridian (RFC 7946)."""


def footprint_of(metadata: Mapping[str, Any]) -> Footprint | None:
    """Read the footprint from ``geometry``, ``bbox`` or ``location``, the first that is usable.

    Parameters
    ----------
    metadata
        ``geometry`` is a GeoJSON geometry; ``bbox`` west, south, east, north in degrees (or six
        numbers with heights, which are passed over); ``location`` is ``{"lat": ..., "lon": ...}``
        as in the deployment guide, which becomes a point.

    Returns
    -------
    Footprint | None
        None when none of the three is there and valid: metadata is the user's own, so a place in
        another form is no error, only not on the map.
    """
    return (
        _of_geometry(metadata.get("geometry"))
        or _of_bbox(metadata.get("bbox"))
        or _of_location(metadata.get("location"))
    )


def _of_geometry(geometry: object) -> Footprint | None:
    if not isinstance(geometry, Mapping):
        return None
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    depth = _DEPTHS.get(kind) if isinstance(kind, str) else None
    if depth is None or not _well_formed(coordinates, depth, closed="Polygon" in str(kind)):
        return None
    positions = list(_positions(coordinates, depth))
    lons, lats = [position[0] for position in positions], [position[1] for position in positions]
    bbox = (min(lons), min(lats), max(lons), max(lats))
    return Footprint({"type": kind, "coordinates": coordinates}, bbox)


def _of_bbox(bbox: object) -> Footprint | None:
    if not isinstance(bbox, list | tuple) or len(bbox) not in {4, 6}:
        return None
    half = len(bbox) // 2
    (west, south), (east, north) = bbox[:2], bbox[half : half + 2]
    if not (_is_position([west, south]) and _is_position([east, north]) and south <= north):
        return None
    if west <= east:
        polygon = {"type": "Polygon", "coordinates": [_ring(west, south, east, north)]}
        return Footprint(polygon, (west, south, east, north))
    halves = [_ring(west, south, _MAX_LON, north)], [_ring(-_MAX_LON, south, east, north)]
    both = {"type": "MultiPolygon", "coordinates": list(halves)}
    return Footprint(both, (west, south, east, north))


def _of_location(location: object) -> Footprint | None:
    if not isinstance(location, Mapping):
        return None
    position: Any = [location.get("lon"), location.get("lat")]
    if not _is_position(position):
        return None
    lon, lat = position
    return Footprint({"type": "Point", "coordinates": [lon, lat]}, (lon, lat, lon, lat))


def _well_formed(coordinates: object, depth: int, *, closed: bool) -> bool:
    if depth == 0:
        return _is_position(coordinates)
    if not isinstance(coordinates, list | tuple) or not coordinates:
        return False
    if not all(_well_formed(part, depth - 1, closed=closed) for part in coordinates):
        return False
    if closed and depth == 1:
        return len(coordinates) >= _LEAST_RING and coordinates[0] == coordinates[-1]
    return True


def _positions(coordinates: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        yield coordinates
        return
    for part in coordinates:
        yield from _positions(part, depth - 1)


def _is_position(position: object) -> bool:
    """Whether it is longitude and latitude in degrees, with or without a height."""
    if not isinstance(position, list | tuple) or len(position) not in {2, 3}:
        return False
    if not all(_is_number(value) for value in position):
        return False
    return bool(abs(position[0]) <= _MAX_LON and abs(position[1]) <= _MAX_LAT)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Outline counter-clockwise, as RFC 7946 asks."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]
