"""Compiled prediction: from rows of samples to planes of residuals.

Each pass handles one row, which stays in cache. LLVM makes vector code of a pass when every operand
is cast back to its type (Python's integers would widen all to 64 bits), no output overlaps an
input, and indices start at zero.
"""

from __future__ import annotations

import numpy as np
from numba import types

from wildfire_bench.compression.pixel_loops.compiled import (
    BYTES,
    GRADIENT,
    HALF,
    LEFT,
    UP,
    WEIGHED,
    WHOLE,
    for_products,
    for_samples,
    reads,
    writes,
)
from wildfire_bench.compression.pixel_loops.compiled_weights import remember, weighed

__all__ = ["mean_with_right", "predict", "share"]


@for_samples(lambda of: types.void(reads(of), types.int64, writes(of)))
def mean_with_right(up, distance, out):
    """Mean of each sample and its right neighbour, rounded down without overflow."""
    kind = out.dtype.type
    right = up[distance:]
    for i in range(out.size):
        out[i] = kind(kind(up[i] & right[i]) + kind(kind(up[i] ^ right[i]) >> kind(1)))


@for_samples(lambda of: types.void(reads(of), types.int64, of, writes(of)))
def share(below, blend, half, out):
    """Share of the residual of the band before; shifts are of signed numbers."""
    kind = out.dtype.type
    if blend == WHOLE:
        for i in range(out.size):
            out[i] = below[i]
    elif blend == HALF:
        lift = kind(half >> kind(1))
        for i in range(out.size):
            out[i] = kind(kind(kind(below[i] ^ half) >> kind(1)) - lift)
    else:
        lift = kind(half >> kind(2))
        for i in range(out.size):
            quarter = kind(kind(kind(below[i] ^ half) >> kind(2)) - lift)
            out[i] = kind(below[i] - quarter)


@for_samples(lambda of: types.void(reads(of), types.int64, of, writes(of)))
def gather(row, bands, sign, out):
    """Take one band out of interleaved samples."""
    kind = out.dtype.type
    # Constant strides let LLVM load whole vectors and shuffle.
    if bands == 1:
        for i in range(out.size):
            out[i] = kind(row[i] ^ sign)
    elif bands == 3:
        for i in range(out.size):
            out[i] = kind(row[3 * i] ^ sign)
    elif bands == 4:
        for i in range(out.size):
            out[i] = kind(row[4 * i] ^ sign)
    else:
        for i in range(out.size):
            out[i] = kind(row[i * bands] ^ sign)


@for_samples(lambda of: types.void(reads(of), reads(of), writes(of)))
def subtract(a, b, out):
    kind = out.dtype.type
    for i in range(out.size):
        out[i] = kind(a[i] - b[i])


@for_samples(lambda of: types.void(reads(of), reads(of), writes(of)))
def subtract_mean(cur, above, out):
    """Subtract from each sample the mean of its left neighbour and `above`, rounded up."""
    kind = out.dtype.type
    here = cur[1:]
    for i in range(out.size):
        mean = kind(kind(above[i] | cur[i]) - kind(kind(above[i] ^ cur[i]) >> kind(1)))
        out[i] = kind(here[i] - mean)


@for_samples(lambda of: types.void(reads(of), reads(of), writes(of), types.int64, writes(of)))
def residual(cur, prev, above, predictor, out):
    """Residual of one row; `cur` and `prev` hold a guard sample on either side."""
    n = out.size
    if predictor == LEFT:
        subtract(cur[1:], cur, out)
    elif predictor == UP:
        subtract(cur[1:], prev[1:], out)
    elif predictor == GRADIENT:
        subtract(cur, prev, above)
        subtract(above[1:], above, out)
    else:
        mean_with_right(prev[1:], 1, above[:n])
        subtract_mean(cur, above, out)


@for_samples(lambda of: of(reads(of), of, writes(of)))
def zigzag(e, half, out):
    """Map residuals to small unsigned numbers; gives the bits that any of them has."""
    kind = out.dtype.type
    seen = kind(0)
    for i in range(out.size):
        sign = kind(kind(0) - kind(kind(e[i] & half) != kind(0)))
        z = kind(kind(e[i] << kind(1)) ^ sign)
        out[i] = z
        seen = kind(seen | z)
    return seen


@for_samples(lambda of: types.void(reads(of), of, BYTES))
def take_plane(z, shift, out):
    kind = z.dtype.type
    for i in range(out.size):
        out[i] = np.uint8(kind(z[i] >> shift))


@for_samples(lambda of: types.void(reads(of), types.int64, BYTES))
def pack(z, bits, out):
    """Pack the low bits of a row: byte j holds samples j, j + m, j + 2 m, ..."""
    kind = z.dtype.type
    mask = kind((1 << bits) - 1)
    m = out.size
    for j in range(m):
        out[j] = np.uint8(z[j] & mask)
    for part in range(1, 8 // bits):
        start = part * m
        if start < z.size:
            rest = z[start : min(z.size, start + m)]
            shift = np.uint8(part * bits)
            for j in range(rest.size):
                out[j] = np.uint8(out[j] | np.uint8(np.uint8(rest[j] & mask) << shift))


@for_products(
    lambda of, word: types.void(
        reads(of),
        types.Tuple((types.int64,) * 4),
        of,
        reads(types.int64, 2),
        writes(of, 2),
        writes(of, 2),
        writes(of, 3),
        writes(word),
        writes(types.uint8, 2),
        writes(types.uint8, 3),
        writes(types.int64),
    )
)
def predict(samples, shape, sign, plan, lines, work, past, sums, low, planes, present):
    """Run all passes row by row; `plan` has a row for each band: low bits, blend, weights.

    `past` is empty unless a band is weighed.
    """
    kind = samples.dtype.type
    rows, width, bands, predictor = shape
    bits = 8 * samples.itemsize
    half = kind(np.uint64(1) << np.uint64(bits - 1))
    # Every pass writes to a buffer of its own: in place, LLVM's overlap check would choose the
    # scalar loop.
    above, part, e, z = work[bands], work[bands + 1], work[bands + 2], work[bands + 3]
    part, e, z = part[:width], e[:width], z[:width]
    for y in range(rows):
        row = samples[y * width * bands : (y + 1) * width * bands]
        for b in range(bands):
            cur, prev = lines[2 * b + y % 2], lines[2 * b + 1 - y % 2]
            r = work[b, :width]
            gather(row[b:], bands, sign, cur[1 : width + 1])
            cur[0] = prev[1] if y else kind(0)
            prev[width + 1] = prev[width]
            prev[0] = prev[1]
            residual(cur, prev, above, predictor if y else LEFT, r)
            if past.size:
                remember(r, y, b, past)
            if plan[b, 1] == WEIGHED:
                weighed(past, y, b, plan, sums, part)
                subtract(r, part, e)
                seen = zigzag(e, half, z)
            elif plan[b, 1]:
                share(work[b - 1, :width], plan[b, 1], half, part)
                subtract(r, part, e)
                seen = zigzag(e, half, z)
            else:
                seen = zigzag(r, half, z)
            low_bits = plan[b, 0]
            if low_bits:
                m = (width * low_bits + 7) // 8
                pack(z, low_bits, low[b, y * m : (y + 1) * m])
            for p in range(planes.shape[0]):
                shift = low_bits + 8 * p
                out = planes[p, b, y * width : (y + 1) * width]
                if shift < bits and kind(seen >> kind(shift)) != kind(0):
                    take_plane(z, kind(shift), out)
                    present[b] = max(present[b], p + 1)
                else:
                    out[:] = np.uint8(0)
