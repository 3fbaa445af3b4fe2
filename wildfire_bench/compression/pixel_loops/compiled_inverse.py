"""Compiled undoing of prediction, for any predictor and number of bands."""

from __future__ import annotations

from numba import types

from wildfire_bench.compression.pixel_loops.compiled import (
    GRADIENT,
    LEFT,
    UP,
    for_products,
    for_samples,
    reads,
    writes,
)
from wildfire_bench.compression.pixel_loops.compiled_forward import mean_with_right
from wildfire_bench.compression.pixel_loops.compiled_join import add, join, running_sum

__all__ = ["restore"]


@for_samples(lambda of: types.void(reads(of, 2), reads(of, 2), writes(of, 2), types.int64))
def undo_average_1(above, r, lines, first):
    kind = r.dtype.type
    a0, r0, x0 = above[first], r[first], lines[first]
    l0 = x0[0]
    for i in range(r0.size):
        l0 = kind(kind(kind(a0[i] | l0) + r0[i]) - kind(kind(a0[i] ^ l0) >> kind(1)))
        x0[i + 1] = l0


@for_samples(lambda of: types.void(reads(of, 2), reads(of, 2), writes(of, 2), types.int64))
def undo_average_4(above, r, lines, first):
    kind = r.dtype.type
    a0, a1, a2, a3 = above[first], above[first + 1], above[first + 2], above[first + 3]
    r0, r1, r2, r3 = r[first], r[first + 1], r[first + 2], r[first + 3]
    x0, x1, x2, x3 = lines[first], lines[first + 1], lines[first + 2], lines[first + 3]
    l0, l1, l2, l3 = x0[0], x1[0], x2[0], x3[0]
    for i in range(r0.size):
        l0 = kind(kind(kind(a0[i] | l0) + r0[i]) - kind(kind(a0[i] ^ l0) >> kind(1)))
        l1 = kind(kind(kind(a1[i] | l1) + r1[i]) - kind(kind(a1[i] ^ l1) >> kind(1)))
        l2 = kind(kind(kind(a2[i] | l2) + r2[i]) - kind(kind(a2[i] ^ l2) >> kind(1)))
        l3 = kind(kind(kind(a3[i] | l3) + r3[i]) - kind(kind(a3[i] ^ l3) >> kind(1)))
        x0[i + 1] = l0
        x1[i + 1] = l1
        x2[i + 1] = l2
        x3[i + 1] = l3


@for_samples(
    lambda of: types.void(
        writes(of, 2), writes(of, 2), writes(of, 2), types.int64, types.int64, types.int64
    )
)
def undo(r, above, lines, bands, predictor, width):
    """Undo prediction of one row; `lines` holds the row before, and the new row afterwards."""
    kind = r.dtype.type
    for b in range(bands):
        prev = lines[b]
        if predictor == LEFT:
            running_sum(r[b], prev[0], prev[1 : width + 1])
        elif predictor == UP:
            add(r[b], prev[1 : width + 1])
        elif predictor == GRADIENT:
            running_sum(r[b], kind(0), above[b])
            add(above[b], prev[1 : width + 1])
        else:
            prev[width + 1] = prev[width]
            mean_with_right(prev[1:], 1, above[b])
    if predictor > GRADIENT:
        for b in range(0, bands, 4):
            # Padding bands, on scratch rows, make the last few bands up to four.
            if bands - b == 1:
                undo_average_1(above, r, lines, b)
            else:
                undo_average_4(above, r, lines, b)


@for_samples(lambda of: types.void(reads(of), types.int64, of, writes(of)))
def scatter(line, bands, sign, row):
    """Put one band among interleaved samples."""
    kind = row.dtype.type
    if bands == 1:
        for i in range(line.size):
            row[i] = kind(line[i] ^ sign)
    elif bands == 3:
        for i in range(line.size):
            row[3 * i] = kind(line[i] ^ sign)
    elif bands == 4:
        for i in range(line.size):
            row[4 * i] = kind(line[i] ^ sign)
    else:
        for i in range(line.size):
            row[i * bands] = kind(line[i] ^ sign)


@for_products(
    lambda of, word: types.void(
        reads(types.uint8, 2),
        reads(types.uint8, 3),
        reads(types.int64),
        types.Tuple((types.int64,) * 4),
        of,
        reads(types.int64, 2),
        writes(of, 3),
        writes(word),
        writes(of, 2),
        writes(of, 2),
        writes(of, 2),
        writes(of),
    )
)
def restore(low, planes, present, shape, sign, plan, past, sums, lines, r, above, samples):
    """Fill `samples` row by row; the rest is as in `predict`."""
    kind = samples.dtype.type
    rows, width, bands, predictor = shape
    for y in range(rows):
        join(low, planes, present, y, plan, past, sums, above[0], r)
        for b in range(bands):
            lines[b, 0] = lines[b, 1] if y else kind(0)
        undo(r, above, lines, bands, predictor if y else LEFT, width)
        row = samples[y * width * bands : (y + 1) * width * bands]
        for b in range(bands):
            scatter(lines[b, 1 : width + 1], bands, sign, row[b:])
