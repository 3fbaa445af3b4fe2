"""A segment of pixels: predicted, split into planes, the planes entropy-coded by zstd.

The layout of the bytes is specified in docs/codec-format.md.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.compression.pixel_loops import (
    LOW_BITS,
    WEIGHTS,
    Blend,
    Bytes,
    Engine,
    Grid,
    Plan,
    Predictor,
    Residuals,
    Samples,
    packed_width,
)
from wildfire_bench.compression.segments.sorted_plane import (
    HEAD_BYTES,
    SortedPlane,
    encode_sorted,
    residual_compressor,
    worth_sorting,
)
from wildfire_bench.compression.zstd import decompress_frame
from wildfire_bench.errors import CorruptPayload

__all__ = ["MAX_BANDS", "MAX_PIXELS_BYTES", "decode_pixels", "encode_pixels", "native_samples"]

MAX_PIXELS_BYTES = 8 << 20
"""Largest segment of pixels; decoding holds about three times its size, and up to 18 times (151 MB)
where it is one row of one band, since whole rows are at work."""
MAX_BANDS = 64

_HEAD = struct.Struct("<BBBBII")
_WEIGHTS = struct.Struct(f"{WEIGHTS}b")
_LENGTH = struct.Struct("<I")
_BIG_ENDIAN, _SIGNED, _SORTED = 1, 2, 4


def native_samples(data: memoryview, sample_bytes: int, *, big_endian: bool) -> Samples:
    """Read samples in native byte order, without a copy where that is possible."""
    stored: npt.NDArray[Any] = np.frombuffer(data, f"{'>' if big_endian else '<'}u{sample_bytes}")
    native = stored.astype(f"=u{sample_bytes}", copy=False)
    return native if native.flags.aligned else native.copy()


def encode_pixels(
    data: memoryview, grid: Grid, plan: Plan, engine: Engine, *, big_endian: bool
) -> tuple[Buffer, ...]:
    """Encode the samples of `data`, which `grid` fills exactly."""
    samples = native_samples(data, grid.sample_bytes, big_endian=big_endian)
    residuals = engine.forward(samples, grid, plan)
    is_sorted = bool(plan.cuts) and worth_sorting(grid)
    flags = (_BIG_ENDIAN if big_endian else 0) | (_SIGNED if plan.signed else 0)
    flags |= _SORTED if is_sorted else 0
    parts: list[Buffer] = [
        _HEAD.pack(grid.sample_bytes, flags, grid.bands, plan.predictor, grid.width, grid.rows),
        bytes(code for band in zip(plan.low_bits, plan.blends, strict=True) for code in band),
        *(_WEIGHTS.pack(*plan.weights[band]) for band in _weighed(plan.blends)),
    ]
    for band, bits in enumerate(plan.low_bits):
        parts.append(residuals.low[band, : grid.rows * packed_width(grid.width, bits)].tobytes())
        for index in range(_planes(grid, bits)):
            if is_sorted and not index:
                plane, before = residuals.planes[0, band], _first_plane(residuals, band - 1)
                parts += encode_sorted(plane, before, grid, plan.cuts[band], engine)
                continue
            coded = b""
            if index < residuals.present[band]:
                coded = _entropy_coded(residuals.planes[index, band])
            parts += (_LENGTH.pack(len(coded)), coded)
    return tuple(parts)


def decode_pixels(body: memoryview, out: memoryview, engine: Engine) -> None:
    """Fill `out` with the samples of a segment.

    Raises
    ------
    CorruptPayload
        If `body` is not exactly such a segment, or decodes to another size.
    """
    header = _parse_header(body, len(out))
    grid, plan = header.grid, header.plan
    residuals = engine.room(grid)
    residuals.present[:] = 0
    end = _fill(residuals, body, header, engine)
    if end != len(body):
        msg = f"segment of pixels has {len(body) - end:,} bytes after its last plane"
        raise CorruptPayload(msg)
    stored = np.frombuffer(out, f"u{grid.sample_bytes}")
    foreign = header.big_endian != (sys.byteorder == "big")
    if stored.flags.aligned and not foreign:
        engine.inverse(residuals, grid, plan, stored)
        return
    samples = np.empty(stored.size, stored.dtype)
    engine.inverse(residuals, grid, plan, samples)
    stored[:] = samples.byteswap() if foreign else samples


class _Header(NamedTuple):
    grid: Grid
    plan: Plan
    big_endian: bool
    is_sorted: bool
    size_bytes: int


def _parse_header(body: memoryview, size_bytes: int) -> _Header:
    if len(body) < _HEAD.size:
        msg = f"segment of pixels is cut off after {len(body)} bytes"
        raise CorruptPayload(msg)
    sample_bytes, flags, bands, predictor, width, rows = _HEAD.unpack_from(body)
    grid = Grid(rows, width, bands, sample_bytes)
    end = _HEAD.size + 2 * bands
    codes = bytes(body[_HEAD.size : end])
    low_bits, blends = codes[::2], codes[1::2]
    if (
        sample_bytes not in (1, 2, 4, 8)
        or flags & ~(_BIG_ENDIAN | _SIGNED | _SORTED)
        or not 1 <= bands <= MAX_BANDS
        or predictor not in Predictor.__members__.values()
        or len(codes) != 2 * bands
        or not set(low_bits) <= set(LOW_BITS)
        or not set(blends) <= set(Blend)
        or blends[0] not in (Blend.NONE, Blend.WEIGHED)
    ):
        msg = f"segment of pixels has an unknown layout: {bytes(body[:end]).hex()}"
        raise CorruptPayload(msg)
    if grid.size_bytes != size_bytes or size_bytes > MAX_PIXELS_BYTES:
        msg = (
            f"segment of {rows:,} x {width:,} pixels makes {grid.size_bytes:,} bytes, "
            f"{size_bytes:,} were announced and {MAX_PIXELS_BYTES:,} are allowed"
        )
        raise CorruptPayload(msg)
    weights = [(0,) * WEIGHTS] * bands
    for band in _weighed(blends):
        weights[band] = _WEIGHTS.unpack(_take(body, end, WEIGHTS))
        end += WEIGHTS
    plan = Plan(
        Predictor(predictor),
        bool(flags & _SIGNED),
        tuple(low_bits),
        tuple(Blend(code) for code in blends),
        tuple(weights),
    )
    return _Header(grid, plan, bool(flags & _BIG_ENDIAN), bool(flags & _SORTED), end)


def _weighed(blends: Iterable[int]) -> Iterator[int]:
    return (band for band, blend in enumerate(blends) if blend == Blend.WEIGHED)


def _fill(residuals: Residuals, body: memoryview, header: _Header, engine: Engine) -> int:
    grid, position = header.grid, header.size_bytes
    for band, bits in enumerate(header.plan.low_bits):
        packed = grid.rows * packed_width(grid.width, bits)
        residuals.low[band, :packed] = _take(body, position, packed)
        position += packed
        for index in range(_planes(grid, bits)):
            plane = residuals.planes[index, band]
            if header.is_sorted and not index:
                found = SortedPlane(_take(body, position, HEAD_BYTES), grid)
                coded = _take(body, position + HEAD_BYTES, found.coded_bytes)
                position += HEAD_BYTES + len(coded)
                found.decode_into(plane, coded, _first_plane(residuals, band - 1), engine)
                residuals.present[band] = 1
                continue
            (length,) = _LENGTH.unpack(_take(body, position, _LENGTH.size))
            position += _LENGTH.size
            coded = _take(body, position, length)
            position += length
            if length == grid.pixels:
                plane[:] = coded
            elif length:
                decompress_frame(coded, plane.data)
            else:
                plane[:] = 0
                continue
            residuals.present[band] = index + 1
    return position


def _first_plane(residuals: Residuals, band: int) -> Bytes | None:
    return residuals.planes[0, band] if band >= 0 else None


def _take(body: memoryview, position: int, size_bytes: int) -> memoryview:
    taken = body[position : position + size_bytes]
    if len(taken) != size_bytes:
        msg = f"segment of pixels is cut off: {size_bytes:,} bytes at {position:,} are missing"
        raise CorruptPayload(msg)
    return taken


def _planes(grid: Grid, low_bits: int) -> int:
    return -(-(8 * grid.sample_bytes - low_bits) // 8)


def _entropy_coded(plane: npt.NDArray[np.uint8]) -> bytes:
    coded: bytes = residual_compressor().compress(plane.data)
    # A copy of the right size: zstandard's own bytes keep room for the worst case.
    return bytes(memoryview(coded)) if len(coded) < plane.size else plane.tobytes()
