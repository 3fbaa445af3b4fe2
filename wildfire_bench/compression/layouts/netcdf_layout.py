"""Where the variables of a NetCDF-3 file lie (classic, 64-bit offset, 64-bit data)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from wildfire_bench.compression.layouts.pixel_run import PixelRun, SampleKind, merged

__all__ = ["netcdf_runs"]

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
_FLOATS = {5, 6}
_UNSIGNED = {2, 7, 8, 9, 11}
_MAX_ITEMS = 1 << 14
"""Most dimensions, attributes or variables of a header that is read."""
_MAX_RECORDS = 1 << 14
_MAX_WIDTH = 1 << 24


def netcdf_runs(image: memoryview) -> list[PixelRun] | None:
    """Find the variables of a NetCDF-3 file; None when it is none, empty when unreadable."""
    if bytes(image[:3]) != b"CDF" or len(image) < 8 or image[3] not in {1, 2, 5}:
        return None
    try:
        return list(_variables(_Reader(image, 4, image[3])))
    except (struct.error, ValueError, OverflowError):
        return []


@dataclass(slots=True)
class _Reader:
    """Reads the fields of a header in order (NetCDF classic format specification)."""

    image: memoryview
    position: int
    version: int

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from(">" + code, self.image, self.position)
        self.position += struct.calcsize(code)
        return int(value)

    def count(self) -> int:
        return self.number("Q" if self.version == 5 else "I")

    def begin(self) -> int:
        return self.number("I" if self.version == 1 else "Q")

    def items(self) -> range:
        """Read the head of a list."""
        self.number("I")
        count = self.count()
        if count > _MAX_ITEMS:
            msg = f"header list of {count:,} items"
            raise ValueError(msg)
        return range(count)

    def skip(self, size_bytes: int) -> None:
        self.position += -(-size_bytes // 4) * 4

    def skip_attributes(self) -> None:
        for _ in self.items():
            self.skip(self.count())
            kind = self.number("I")
            self.skip(self.count() * _SIZES.get(kind, 1))


def _variables(reader: _Reader) -> Iterator[PixelRun]:
    records = reader.count()
    lengths: list[int] = []
    for _ in reader.items():
        reader.skip(reader.count())
        lengths.append(reader.count())
    reader.skip_attributes()
    fixed: list[tuple[PixelRun, bool]] = []
    record_bytes = 0
    for _ in reader.items():
        reader.skip(reader.count())
        rank = reader.count()
        shape = [lengths[_checked(reader.count(), len(lengths))] for _ in range(min(rank, 1024))]
        reader.skip_attributes()
        kind = reader.number("I")
        reader.count()
        begin = reader.begin()
        is_record = bool(shape) and shape[0] == 0
        size = _SIZES.get(kind, 1) * prod(shape[1:] if is_record else shape)
        record_bytes += -(-size // 4) * 4 if is_record else 0
        width = shape[-1] if shape and shape[-1] else 1
        if kind in _SIZES and size and width <= _MAX_WIDTH:
            run = PixelRun(begin, size, width, 1, _SIZES[kind], True, _kind(kind))
            fixed.append((run, is_record))
    for run, is_record in fixed:
        if not is_record:
            yield run
        elif records <= _MAX_RECORDS:
            places = ((run.offset_bytes + i * record_bytes, run.size_bytes) for i in range(records))
            yield from merged(run, places)


def _checked(index: int, count: int) -> int:
    if index >= count:
        msg = f"dimension {index} of {count}"
        raise ValueError(msg)
    return index


def _kind(code: int) -> SampleKind:
    if code in _FLOATS:
        return SampleKind.FLOAT
    return SampleKind.UNSIGNED if code in _UNSIGNED else SampleKind.SIGNED
