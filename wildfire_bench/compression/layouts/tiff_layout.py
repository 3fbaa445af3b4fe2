"""Where the pixels of an uncompressed TIFF lie: strips, tiles, planar, both orders, BigTIFF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.layouts.pixel_run import PixelRun, SampleKind, merged

__all__ = ["Directory", "LzwStrips", "directories", "lzw_strips", "tiff_runs"]

_WIDTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR, _FORMAT = 256, 258, 259, 277, 284, 339
_LENGTH, _ROWS_PER_STRIP, _TILE_LENGTH, _PREDICTOR = 257, 278, 323, 317
_STRIPS, _STRIP_SIZES, _TILE_WIDTH, _TILES, _TILE_SIZES = 273, 279, 322, 324, 325
_READ = {
    *(_WIDTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR, _FORMAT),
    *(_LENGTH, _ROWS_PER_STRIP, _TILE_LENGTH, _PREDICTOR),
    *(_STRIPS, _STRIP_SIZES, _TILE_WIDTH, _TILES, _TILE_SIZES),
}
_MAGICS = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}
_MAX_STRIP_BYTES = 4 << 20
"""Larger LZW strips are not unwrapped: a few of them must fit into one segment."""
_TYPES = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_UNCOMPRESSED, _LZW = 1, 5
_MAX_DIRECTORIES = 64
_MAX_TAGS = 4096
_MAX_PLACES = 1 << 18
_MAX_WIDTH = 1 << 24
_KINDS = {1: SampleKind.UNSIGNED, 2: SampleKind.SIGNED, 3: SampleKind.FLOAT}

Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one image of a TIFF that matter here; numbers as unsigned arrays."""

    tags: dict[int, Values]
    big_endian: bool

    def first(self, tag: int, default: int) -> int:
        """Give the first value of a tag."""
        values = self.tags.get(tag)
        return default if values is None or not values.size else int(values[0])


def tiff_runs(image: memoryview) -> list[PixelRun] | None:
    """Find the runs of samples of a TIFF; None when it is no TIFF, empty when compressed."""
    if bytes(image[:4]) not in _MAGICS:
        return None
    return [run for directory in directories(image) for run in _runs(directory)]


@dataclass(frozen=True, slots=True)
class LzwStrips:
    """The strips or tiles of the first image of an LZW TIFF."""

    run: PixelRun
    """What their samples are; its place and size mean nothing."""
    places: tuple[tuple[int, int, int], ...]
    """Offset, size and decoded size of each, by offset."""
    differenced: bool
    """Whether samples were subtracted from their right neighbours before (predictor 2)."""


def lzw_strips(image: memoryview) -> LzwStrips | None:
    """Find the strips or tiles of a TIFF that is compressed by LZW; None for all others."""
    if bytes(image[:4]) not in _MAGICS:
        return None
    directory = next(directories(image), None)
    if directory is None or directory.first(_COMPRESSION, _UNCOMPRESSED) != _LZW:
        return None
    found = _places(directory)
    predictor = directory.first(_PREDICTOR, 1)
    if found is None or predictor not in (1, 2):
        return None
    run, offsets, sizes = found
    line, rows = run.width * run.pixel_bytes, directory.first(_LENGTH, 0)
    tiled = _TILES in directory.tags
    height = directory.first(_TILE_LENGTH if tiled else _ROWS_PER_STRIP, rows)
    if not 0 < line * min(height, rows) <= _MAX_STRIP_BYTES:
        return None
    each = max(1, -(-rows // height))
    places = [
        (offset, size, line * (height if tiled else min(height, rows - index % each * height)))
        for index, (offset, size) in enumerate(zip(offsets, sizes, strict=True))
    ]
    end, kept = 0, []
    for place in sorted(places):
        if place[0] >= end and place[1] and sum(place[:2]) <= len(image) and place[2] > 0:
            kept.append(place)
            end = sum(place[:2])
    return LzwStrips(run, tuple(kept), predictor == 2) if kept else None


def directories(image: memoryview) -> Iterator[Directory]:
    """Read the directories of a TIFF, as far as they are readable."""
    reader = _Reader(image, "<" if image[0] == ord("I") else ">", 43 in image[2:4])
    seen: set[int] = set()
    try:
        position = reader.number(8 if reader.big else 4)
        while position and position not in seen and len(seen) < _MAX_DIRECTORIES:
            seen.add(position)
            directory, position = reader.directory(position)
            yield directory
    except (struct.error, ValueError, OverflowError):
        return  # cut off or absurd: what was read so far may still help


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads TIFF 6.0 and BigTIFF."""

    image: memoryview
    order: str
    big: bool

    def number(self, position: int) -> int:
        """Read an offset or a count."""
        code = "Q" if self.big else "I"
        return int(struct.unpack_from(self.order + code, self.image, position)[0])

    def directory(self, position: int) -> tuple[Directory, int]:
        """Read a directory, and where the next one is."""
        code, first, entry = ("Q", 8, 20) if self.big else ("H", 2, 12)
        (count,) = struct.unpack_from(self.order + code, self.image, position)
        tags: dict[int, Values] = {}
        for index in range(min(count, _MAX_TAGS)):
            where = position + first + index * entry
            tag, kind = struct.unpack_from(self.order + "HH", self.image, where)
            if tag in _READ and kind in _TYPES:
                tags[tag] = self.values(where + 4, _TYPES[kind])
        return Directory(tags, self.order == ">"), self.number(position + first + count * entry)

    def values(self, position: int, kind: str) -> Values:
        """Read the values of a tag, which lie in its entry when they fit."""
        room = 8 if self.big else 4
        count = self.number(position)
        if count > _MAX_PLACES:
            msg = f"tag of {count:,} values"
            raise ValueError(msg)
        place = position + room
        if count * int(kind[1]) > room:
            place = self.number(place)
        return np.frombuffer(self.image, self.order + kind, count, place)


def _runs(directory: Directory) -> Iterator[PixelRun]:
    found = _places(directory)
    if found is None or directory.first(_COMPRESSION, _UNCOMPRESSED) != _UNCOMPRESSED:
        return
    run, offsets, sizes = found
    yield from merged(run, iter(sorted(zip(offsets, sizes, strict=True))))


def _places(directory: Directory) -> tuple[PixelRun, list[int], list[int]] | None:
    """Give what the samples are, and offsets and sizes of strips or tiles."""
    tiled = _TILES in directory.tags
    width = directory.first(_TILE_WIDTH if tiled else _WIDTH, 0)
    samples = directory.first(_SAMPLES, 1)
    bits = set(directory.tags.get(_BITS, np.ones(1)).tolist())
    offsets = directory.tags.get(_TILES if tiled else _STRIPS)
    sizes = directory.tags.get(_TILE_SIZES if tiled else _STRIP_SIZES)
    if (
        offsets is None
        or sizes is None
        or offsets.size != sizes.size
        or not 1 <= width <= _MAX_WIDTH
        or not 1 <= samples <= 64
        or len(bits) != 1
    ):
        return None
    (depth,) = bits
    if depth not in {8, 16, 32, 64}:
        # Packed samples: bytes of a row still resemble the row above.
        width, samples, depth = max(1, width * samples * int(depth) // 8), 1, 8
    run = PixelRun(
        0,
        0,
        width,
        1 if directory.first(_PLANAR, 1) == 2 else samples,
        int(depth) // 8,
        directory.big_endian,
        _KINDS.get(directory.first(_FORMAT, 1), SampleKind.UNSIGNED),
    )
    return run, offsets.tolist(), sizes.tolist()
