"""Compiled contexts: how lively the surroundings of each sample are, which sorts their bytes."""

from __future__ import annotations

import numpy as np
from numba import types

from wildfire_bench.compression.pixel_loops.compiled import BYTES, compiled, reads, writes
from wildfire_bench.compression.pixel_loops.compiled_bursts import gather_by, scatter_by
from wildfire_bench.compression.pixel_loops.model import CONTEXTS

__all__ = ["sort_plane", "unsort_plane"]

_PLANE = reads(types.uint8)
_ROW = writes(types.uint16)
_CUTS = reads(types.uint16)
_LINES = writes(types.uint8, 2)
_COUNTS = writes(types.int64)


@compiled([types.void(_PLANE, BYTES)])
def set_line(row, line):
    """Copy a row between two guard samples on either side, which repeat its ends."""
    inner = line[2:]
    for i in range(row.size):
        inner[i] = row[i]
    line[0] = line[1] = row[0]
    line[row.size + 2] = line[row.size + 3] = row[row.size - 1]


@compiled([types.void(_PLANE, _PLANE, types.int64, types.int64, _LINES, _ROW)])
def row_activity(plane, below, start, width, lines, out):
    """Weigh what is around each sample: five of the row above, three of the band before."""
    word = np.uint16
    up, before = lines[0], lines[1]
    if start:
        set_line(plane[start - width : start], up)
    else:
        up[:] = np.uint8(0)
    if below.size:
        set_line(below[start : start + width], before)
    else:
        before[:] = np.uint8(0)
    u1, u2, u3, u4 = up[1:], up[2:], up[3:], up[4:]
    b0, b1, b2 = before[1:], before[2:], before[3:]
    for i in range(out.size):
        far = word(word(word(up[i]) + word(u1[i])) + word(word(u3[i]) + word(u4[i])))
        sides = word(word(b0[i]) + word(b2[i]))
        near = word(word(word(u2[i]) + sides) + word(word(b1[i]) << word(1)))
        out[i] = word(far + word(near << word(1)))


@compiled([types.void(reads(types.uint16), _CUTS, BYTES)])
def contexts(active, cuts, out):
    """Count the `cuts`, always seven, that each activity exceeds."""
    t0, t1, t2, t3, t4, t5, t6 = cuts[0], cuts[1], cuts[2], cuts[3], cuts[4], cuts[5], cuts[6]
    byte = np.uint8
    for i in range(out.size):
        a = active[i]
        low = byte(byte(byte(a > t0) + byte(a > t1)) + byte(byte(a > t2) + byte(a > t3)))
        out[i] = byte(low + byte(byte(byte(a > t4) + byte(a > t5)) + byte(a > t6)))


@compiled([types.void(_PLANE, _PLANE, types.int64, _CUTS, _LINES, _ROW, BYTES, _COUNTS, BYTES)])
def sort_plane(plane, below, width, cuts, lines, active, kinds, counts, streams):
    """Put each byte of a plane into the stream of its context, and count them.

    `streams` holds one room for each context, each for the whole plane and a burst more.
    """
    room = streams.size // CONTEXTS
    for context in range(CONTEXTS):
        counts[context] = context * room
    for start in range(0, plane.size, width):
        row_activity(plane, below, start, width, lines, active)
        contexts(active, cuts, kinds)
        scatter_by(kinds, plane[start : start + width], counts, streams)
    for context in range(CONTEXTS):
        counts[context] -= context * room


@compiled(
    [
        types.boolean(
            _PLANE, reads(types.int64), _PLANE, types.int64, _CUTS, _LINES, _ROW, BYTES, BYTES
        )
    ]
)
def unsort_plane(streams, counts, below, width, cuts, lines, active, kinds, plane):
    """Fill `plane`; False where the contexts do not occur as often as `counts` says.

    `streams` has room for a row past its end: so far may a wrong payload lead.
    """
    places = np.zeros(CONTEXTS, np.int64)
    ends = np.zeros(CONTEXTS, np.int64)
    for context in range(CONTEXTS):
        places[context] = ends[context - 1] if context else 0
        ends[context] = places[context] + counts[context]
    for start in range(0, plane.size, width):
        row_activity(plane, below, start, width, lines, active)
        contexts(active, cuts, kinds)
        gather_by(kinds, streams, places, plane[start : start + width])
        for context in range(CONTEXTS):
            if places[context] > ends[context]:
                return False
    return True
