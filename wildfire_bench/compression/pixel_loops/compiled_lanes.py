"""Compiled undoing of the average for three or four bands at a time, the common case."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from wildfire_bench.compression.pixel_loops.compiled import for_lanes, reads, writes
from wildfire_bench.compression.pixel_loops.compiled_forward import mean_with_right
from wildfire_bench.compression.pixel_loops.compiled_join import join, running_sum

__all__ = ["LANES", "restore_in_lanes"]

LANES = (3, 4)
"""Numbers of bands whose samples share a machine word."""


@intrinsic
def undo_average_of_lanes(_typing, left, above, r):
    """Undo the average of four samples that lie side by side in one machine word.

    numba leaves LLVM's vectoriser of straight-line code off, so the vector is spelled out. LLVM
    makes two instructions of it.
    """
    bits = left.bitwidth // 4

    def generate(_context, builder, _signature, arguments):
        lanes = ir.VectorType(ir.IntType(bits), 4)
        x, up, residual = (builder.bitcast(word, lanes) for word in arguments)
        half = builder.lshr(builder.xor(x, up), ir.Constant(lanes, [1] * 4))
        mean = builder.sub(builder.or_(x, up), half)
        return builder.bitcast(builder.add(mean, residual), arguments[0].type)

    return left(left, above, r), generate


@for_lanes(lambda _, word, __: types.void(reads(word), reads(word), writes(word)))
def undo_average_in_lanes(above, r, x):
    left, out = x[0], x[1:]
    for i in range(r.size):
        left = undo_average_of_lanes(left, above[i], r[i])
        out[i] = left


@for_lanes(lambda of, *_: types.void(*(reads(of),) * 4, writes(of)))
def into_lanes(a, b, c, d, out):
    for i in range(a.size):
        out[4 * i] = a[i]
        out[4 * i + 1] = b[i]
        out[4 * i + 2] = c[i]
        out[4 * i + 3] = d[i]


@for_lanes(lambda of, *_: types.void(reads(of), types.int64, of, writes(of)))
def out_of_lanes(x, bands, sign, row):
    kind = row.dtype.type
    if bands == 4:
        for i in range(row.size):
            row[i] = kind(x[i] ^ sign)
    else:
        for i in range(row.size // 3):
            row[3 * i] = kind(x[4 * i] ^ sign)
            row[3 * i + 1] = kind(x[4 * i + 1] ^ sign)
            row[3 * i + 2] = kind(x[4 * i + 2] ^ sign)


@for_lanes(
    lambda of, word, sum_of: types.void(
        reads(types.uint8, 2),
        reads(types.uint8, 3),
        reads(types.int64),
        types.Tuple((types.int64,) * 4),
        of,
        reads(types.int64, 2),
        writes(of, 3),
        writes(sum_of),
        writes(of, 2),
        types.UniTuple(writes(of), 3),
        types.UniTuple(writes(word), 3),
        writes(of),
    )
)
def restore_in_lanes(low, planes, present, shape, sign, plan, past, sums, r, lanes, words, samples):
    """Do `restore` for the average of three or four bands, which share each machine word.

    `lanes` holds the mean of the upper neighbours, the residuals and the row itself (with a guard
    pixel on either side); `words` is the same memory, a pixel a number.
    """
    kind = samples.dtype.type
    rows, width, bands, _ = shape
    above, mixed, x = lanes
    z = above[:width]
    for y in range(rows):
        join(low, planes, present, y, plan, past, sums, z, r)
        if y:
            x[:4] = x[4:8]
            x[4 * width + 4 :] = x[4 * width : 4 * width + 4]
            mean_with_right(x[4:], 4, above)
            into_lanes(r[0], r[1], r[2], r[3], mixed)
            undo_average_in_lanes(words[0], words[1], words[2])
        else:
            for b in range(bands):
                running_sum(r[b], kind(0), r[b])
            into_lanes(r[0], r[1], r[2], r[3], x[4:])
        row = samples[y * width * bands : (y + 1) * width * bands]
        out_of_lanes(x[4:], bands, sign, row)
