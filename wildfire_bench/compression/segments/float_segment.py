"""A segment of floating-point samples, coded band by band by pcodec (docs/codec-format.md)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from pcodec import ChunkConfig, standalone

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.compression.pixel_loops import Grid
from wildfire_bench.errors import CorruptPayload

__all__ = ["decode_floats", "encode_floats"]

_HEAD = struct.Struct("<BBBx")
_LENGTH = struct.Struct("<I")
_BIG_ENDIAN = 1
_LEVEL = 8
_MAX_FLOATS_BYTES = 8 << 20


def encode_floats(data: memoryview, grid: Grid, *, big_endian: bool) -> tuple[Buffer, ...]:
    """Encode the samples of `data`, which `grid` fills exactly."""
    order = ">" if big_endian else "<"
    samples: npt.NDArray[Any] = np.frombuffer(data, f"{order}f{grid.sample_bytes}")
    parts: list[Buffer] = [
        _HEAD.pack(grid.sample_bytes, _BIG_ENDIAN if big_endian else 0, grid.bands)
    ]
    for band in range(grid.bands):
        plane = samples[band :: grid.bands].astype(f"=f{grid.sample_bytes}")
        coded: bytes = standalone.simple_compress(plane, ChunkConfig(compression_level=_LEVEL))
        parts += (_LENGTH.pack(len(coded)), coded)
    return tuple(parts)


def decode_floats(body: memoryview, out: memoryview) -> None:
    """Fill `out` with the samples of a segment.

    Raises
    ------
    CorruptPayload
        If `body` is not exactly such a segment, or decodes to another size.
    """
    sample_bytes, big_endian, bands = _parse_header(body, len(out))
    stored = np.frombuffer(out, f"{'>' if big_endian else '<'}f{sample_bytes}")
    plane = np.empty(stored.size // bands, f"=f{sample_bytes}")
    position = _HEAD.size
    for band in range(bands):
        head = body[position : position + _LENGTH.size]
        (length,) = _LENGTH.unpack(head) if len(head) == _LENGTH.size else (0,)
        position += _LENGTH.size
        coded = body[position : position + length]
        position += length
        if not length or len(coded) != length:
            msg = f"segment of floats is cut off in band {band} of {bands}"
            raise CorruptPayload(msg)
        _decompress(coded, plane)
        stored[band::bands] = plane
    if position != len(body):
        msg = f"segment of floats has {len(body) - position:,} bytes after its last band"
        raise CorruptPayload(msg)


def _parse_header(body: memoryview, size_bytes: int) -> tuple[int, bool, int]:
    if len(body) < _HEAD.size:
        msg = f"segment of floats is cut off after {len(body)} bytes"
        raise CorruptPayload(msg)
    sample_bytes, flags, bands = _HEAD.unpack_from(body)
    if (
        sample_bytes not in (4, 8)
        or flags & ~_BIG_ENDIAN
        or body[3]
        or not bands
        or size_bytes % (bands * sample_bytes)
        or size_bytes > _MAX_FLOATS_BYTES
    ):
        msg = (
            f"segment of {bands} bands of {sample_bytes}-byte floats (flags {flags}) cannot make "
            f"{size_bytes:,} bytes; {_MAX_FLOATS_BYTES:,} are allowed"
        )
        raise CorruptPayload(msg)
    return sample_bytes, bool(flags & _BIG_ENDIAN), bands


def _decompress(coded: memoryview, plane: npt.NDArray[Any]) -> None:
    try:
        progress = standalone.simple_decompress_into(bytes(coded), plane)
    except (RuntimeError, TypeError) as error:
        msg = f"floats cannot be decompressed: {error}"
        raise CorruptPayload(msg) from error
    if progress.n_processed != plane.size or not progress.finished:
        msg = f"{progress.n_processed:,} of {plane.size:,} floats are there"
        raise CorruptPayload(msg)
