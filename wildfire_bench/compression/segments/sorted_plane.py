"""A plane whose bytes are sorted by context, so that each context is coded by a table of its own.

The layout of the bytes is specified in docs/codec-format.md.
"""

from __future__ import annotations

import struct
import threading
from typing import Any

import numpy as np
import zstandard

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.compression.pixel_loops import (
    CONTEXTS,
    Bytes,
    Counts,
    Cuts,
    Engine,
    Grid,
    Surroundings,
)
from wildfire_bench.compression.zstd import decompress_frame
from wildfire_bench.errors import CorruptPayload

__all__ = [
    "HEAD_BYTES",
    "SortedPlane",
    "encode_sorted",
    "residual_compressor",
    "worth_sorting",
]

_CUTS = CONTEXTS - 1
_HEAD = struct.Struct(f"<{_CUTS}H{CONTEXTS}II")
HEAD_BYTES = _HEAD.size
_SAMPLES_OF_A_CONTEXT = 1 << 13
"""A table for fewer would cost more than it gains."""
_NEVER = 0xFFFF
"""A cut above every activity."""


class _Entropy(threading.local):
    """Compressor of each thread, set for residuals: hardly ever a match, all gain by Huffman."""

    def __init__(self) -> None:
        parameters = zstandard.ZstdCompressionParameters.from_level(
            1, window_log=17, hash_log=6, chain_log=6, min_match=7, strategy=1
        )
        self.compressor = zstandard.ZstdCompressor(compression_params=parameters)


_entropy = _Entropy()


def residual_compressor() -> zstandard.ZstdCompressor:
    """Give this thread's compressor for planes of residuals."""
    return _entropy.compressor


def worth_sorting(grid: Grid) -> bool:
    """Tell whether planes of this shape have samples enough for two contexts."""
    return grid.pixels >= 2 * _SAMPLES_OF_A_CONTEXT


def encode_sorted(
    plane: Bytes, before: Bytes | None, grid: Grid, cuts: tuple[int, ...], engine: Engine
) -> tuple[Buffer, ...]:
    """Encode a plane; `before` is that of the band before."""
    cuts = _fewer(cuts, grid.pixels)
    around = Surroundings(before, grid.width, np.array(cuts, np.uint16))
    counts, streams = engine.sort(plane, around)
    pieces = [stream[:count].data for stream, count in zip(streams, counts, strict=True) if count]
    coded = _frame(pieces, grid.pixels) if plane.any() else b""
    if len(coded) >= grid.pixels:
        coded = b"".join(pieces)
    return _HEAD.pack(*cuts, *counts.tolist(), len(coded)), coded


def _fewer(cuts: tuple[int, ...], pixels: int) -> tuple[int, ...]:
    """Keep evenly spread cuts, so that every context has samples enough for a table."""
    kept = min(CONTEXTS, pixels // _SAMPLES_OF_A_CONTEXT)
    chosen = tuple(cuts[round(i * CONTEXTS / kept) - 1] for i in range(1, kept))
    return chosen + (_NEVER,) * (len(cuts) - len(chosen))


def _frame(pieces: list[memoryview], size_bytes: int) -> bytes:
    """Compress into one frame that begins a block, and so a table, with each piece."""
    # One buffer for all of it: a compressobj makes one for each piece, and threads that map and
    # unmap memory wait for each other.
    chunker: Any = residual_compressor().chunker(size=size_bytes, chunk_size=size_bytes)
    parts: list[bytes] = []
    for piece in pieces:
        parts.extend(chunker.compress(piece))
        parts.extend(chunker.flush())
    parts.extend(chunker.finish())
    return b"".join(parts)


class SortedPlane:
    """A plane as it was found in a segment: its head, and the bytes that follow it.

    Raises
    ------
    CorruptPayload
        If the contexts are not those of a plane of this shape.
    """

    def __init__(self, head: memoryview, grid: Grid) -> None:
        *numbers, self.coded_bytes = _HEAD.unpack(head)
        self._grid = grid
        self._cuts: Cuts = np.array(numbers[:_CUTS], np.uint16)
        self._counts: Counts = np.array(numbers[_CUTS:], np.int64)
        if self._counts.sum() != grid.pixels or sorted(numbers[:_CUTS]) != numbers[:_CUTS]:
            msg = (
                f"plane of {grid.pixels:,} samples has contexts of {self._counts.sum():,} in all, "
                f"parted at {numbers[:_CUTS]}"
            )
            raise CorruptPayload(msg)

    def decode_into(
        self, plane: Bytes, coded: memoryview, before: Bytes | None, engine: Engine
    ) -> None:
        """Fill `plane`.

        Raises
        ------
        CorruptPayload
            If `coded` does not make a plane with these contexts.
        """
        room = engine.stream_room(self._grid)
        streams = room[: plane.size]
        if len(coded) == plane.size:
            streams[:] = coded
        elif len(coded):
            decompress_frame(coded, streams.data)
        else:
            streams[:] = 0
        around = Surroundings(before, self._grid.width, self._cuts)
        if not engine.unsort(room, self._counts, around, plane):
            msg = f"plane of {plane.size:,} samples does not have the contexts that it announces"
            raise CorruptPayload(msg)
