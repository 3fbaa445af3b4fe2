"""Compiled sorting of bytes by context, and its undoing, one byte at a time."""

from __future__ import annotations

import numpy as np
from numba import types

from wildfire_bench.compression.pixel_loops.compiled import BYTES, compiled, reads, writes
from wildfire_bench.compression.pixel_loops.model import CONTEXTS

__all__ = ["ORDER", "gather_one_by_one", "scatter_one_by_one"]

_LONGEST = 255
_WORD = np.uint64

ORDER = [types.void(reads(types.uint8), reads(types.uint8), writes(types.int64), BYTES)]


@compiled(ORDER)
def scatter_one_by_one(kinds, row, places, streams):
    """Append each byte of a row to the stream of its context, at `places`, which move on.

    They move in a machine word that holds a counter of one byte for each context: counters in
    memory would be read back right after they are written, which stalls.
    """
    for start in range(0, row.size, _LONGEST):
        moved = _WORD(0)
        for i in range(start, min(row.size, start + _LONGEST)):
            shift = _WORD(kinds[i]) << _WORD(3)
            streams[places[kinds[i]] + np.int64((moved >> shift) & _WORD(255))] = row[i]
            moved += _WORD(1) << shift
        for context in range(CONTEXTS):
            places[context] += np.int64((moved >> _WORD(8 * context)) & _WORD(255))


@compiled(ORDER)
def gather_one_by_one(kinds, streams, places, row):
    """Undo `scatter_one_by_one`."""
    for start in range(0, row.size, _LONGEST):
        moved = _WORD(0)
        for i in range(start, min(row.size, start + _LONGEST)):
            shift = _WORD(kinds[i]) << _WORD(3)
            row[i] = streams[places[kinds[i]] + np.int64((moved >> shift) & _WORD(255))]
            moved += _WORD(1) << shift
        for context in range(CONTEXTS):
            places[context] += np.int64((moved >> _WORD(8 * context)) & _WORD(255))
