"""A segment of LZW strips: their pixels, from which the identical strips are made again.

The layout of the bytes is specified in docs/codec-format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.compression.pixel_loops import Grid, Plan, engine
from wildfire_bench.compression.segments.pixel_segment import (
    MAX_PIXELS_BYTES,
    decode_pixels,
    encode_pixels,
)
from wildfire_bench.errors import CorruptPayload

__all__ = ["decode_strips", "encode_strips", "undifferenced"]

ENCODER_VERSION = 1
"""Travels with the payload: another LZW encoder would write other bytes."""
_HEAD = struct.Struct("<BBBBIHxxI")
_STRIP = struct.Struct("<II")
_BIG_ENDIAN = 1
_PLAIN, _DIFFERENCED = 1, 2


def encode_strips(
    strips: Sequence[memoryview],
    raw_sizes: Sequence[int],
    grid: Grid,
    plan: Plan,
    *,
    big_endian: bool,
    differenced: bool,
) -> tuple[Buffer, ...] | None:
    """Encode strips by their pixels; None where their identical bytes could not be made again."""
    from wildfire_bench.compression.segments.lzw import lzw_decode, lzw_encode

    raws: list[bytes] = []
    for strip, size_bytes in zip(strips, raw_sizes, strict=True):
        raw = lzw_decode(strip, size_bytes)
        if raw is None or lzw_encode(memoryview(raw), len(strip)) != bytes(strip):
            return None
        raws.append(raw)
    joined = b"".join(raws)
    if differenced:
        joined = undifferenced(joined, grid, big_endian=big_endian)
    head = _HEAD.pack(
        ENCODER_VERSION,
        _DIFFERENCED if differenced else _PLAIN,
        _BIG_ENDIAN if big_endian else 0,
        grid.sample_bytes,
        grid.width,
        grid.bands,
        len(strips),
    )
    sizes = (_STRIP.pack(*pair) for pair in zip(map(len, strips), raw_sizes, strict=True))
    pixels = encode_pixels(memoryview(joined), grid, plan, engine(), big_endian=big_endian)
    return (head, *sizes, *pixels)


def decode_strips(body: memoryview, out: memoryview) -> None:
    """Fill `out` with the strips of a segment.

    Raises
    ------
    CorruptPayload
        If `body` is not exactly such a segment, or its strips encode to other sizes than it says.
    """
    if len(body) < _HEAD.size:
        msg = f"segment of LZW strips is cut off after {len(body)} bytes"
        raise CorruptPayload(msg)
    version, predictor, flags, sample_bytes, width, bands, count = _HEAD.unpack_from(body)
    end = _HEAD.size + count * _STRIP.size
    line = width * bands * sample_bytes
    if (
        version != ENCODER_VERSION
        or predictor not in (_PLAIN, _DIFFERENCED)
        or flags & ~_BIG_ENDIAN
        or body[10] | body[11]
        or sample_bytes not in (1, 2, 4, 8)
        or not line
        or end > len(body)
    ):
        msg = f"segment of LZW strips has an unknown layout: {bytes(body[: _HEAD.size]).hex()}"
        raise CorruptPayload(msg)
    sizes = list(_STRIP.iter_unpack(body[_HEAD.size : end]))
    raw_bytes = sum(raw for _, raw in sizes)
    encoded_bytes = sum(encoded for encoded, _ in sizes)
    if raw_bytes > MAX_PIXELS_BYTES or raw_bytes % line or encoded_bytes != len(out):
        msg = (
            f"LZW strips of {raw_bytes:,} bytes make {encoded_bytes:,} bytes; {len(out):,} were "
            f"announced and {MAX_PIXELS_BYTES:,} are allowed"
        )
        raise CorruptPayload(msg)
    raw = memoryview(bytearray(raw_bytes))
    decode_pixels(body[end:], raw, engine())
    if predictor == _DIFFERENCED:
        grid = Grid(raw_bytes // line, width, bands, sample_bytes)
        raw = memoryview(_differenced(raw, grid, big_endian=bool(flags & _BIG_ENDIAN)))
    _encode_into(raw, sizes, out)


def undifferenced(raw: Buffer, grid: Grid, *, big_endian: bool) -> bytes:
    """Undo TIFF's horizontal differencing (predictor 2)."""
    samples = _samples(raw, grid, big_endian=big_endian)
    native = samples.astype(f"=u{grid.sample_bytes}")
    return np.cumsum(native, axis=1, dtype=native.dtype).astype(samples.dtype).tobytes()


def _differenced(raw: Buffer, grid: Grid, *, big_endian: bool) -> bytes:
    samples = _samples(raw, grid, big_endian=big_endian)
    native = samples.astype(f"=u{grid.sample_bytes}")
    native[:, 1:] -= native[:, :-1].copy()
    return native.astype(samples.dtype).tobytes()


def _samples(raw: Buffer, grid: Grid, *, big_endian: bool) -> npt.NDArray[Any]:
    kind = f"{'>' if big_endian else '<'}u{grid.sample_bytes}"
    samples: npt.NDArray[Any] = np.frombuffer(memoryview(raw), kind)
    return samples.reshape(grid.rows, grid.width, grid.bands)


def _encode_into(raw: memoryview, sizes: Sequence[tuple[int, int]], out: memoryview) -> None:
    from wildfire_bench.compression.segments.lzw import lzw_encode

    for (start, stop), (at, end) in zip(
        _ranges([size for _, size in sizes]), _ranges([size for size, _ in sizes]), strict=True
    ):
        strip = lzw_encode(raw[start:stop], end - at)
        if strip is None:
            msg = f"LZW strip of {stop - start:,} bytes does not encode to {end - at:,} bytes"
            raise CorruptPayload(msg)
        out[at:end] = strip


def _ranges(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    return pairwise(np.cumsum([0, *sizes]).tolist())
