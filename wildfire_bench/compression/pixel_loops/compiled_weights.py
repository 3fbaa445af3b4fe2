"""Compiled sums of residuals that were seen before, by the weights of a band."""

from __future__ import annotations

import numpy as np
from numba import types

from wildfire_bench.compression.pixel_loops.compiled import for_products, for_samples, reads, writes

__all__ = ["remember", "weighed"]


@for_products(
    lambda of, word: types.void(
        reads(of), reads(of), reads(of), reads(types.int64), writes(word), writes(of)
    )
)
def weigh(before, second, above, weights, sums, out):
    """Sum up in at least 16 bits, and divide by eight; rows have a guard on either side."""
    kind, word = out.dtype.type, sums.dtype.type
    sign = word(np.uint64(1) << np.uint64(8 * out.itemsize - 1))
    top = word(np.uint64(1) << np.uint64(8 * sums.itemsize - 1))
    lift = word(top >> word(3))
    w0, w1, w2 = word(weights[0]), word(weights[1]), word(weights[2])
    w3, w4 = word(weights[3]), word(weights[4])
    b1, s1, u1, u2 = before[1:], second[1:], above[1:], above[2:]
    for i in range(out.size):
        bands = word(
            word(w0 * word(word(word(b1[i]) ^ sign) - sign))
            + word(w1 * word(word(word(s1[i]) ^ sign) - sign))
        )
        sides = word(
            word(w3 * word(word(word(above[i]) ^ sign) - sign))
            + word(w4 * word(word(word(u2[i]) ^ sign) - sign))
        )
        upper = word(w2 * word(word(word(u1[i]) ^ sign) - sign))
        sums[i] = word(word(word(bands + sides) + upper) + word(4))
    for i in range(out.size):
        out[i] = kind(word(word(word(sums[i] ^ top) >> word(3)) - lift))


@for_products(
    lambda of, word: types.void(
        reads(of, 3), types.int64, types.int64, reads(types.int64, 2), writes(word), writes(of)
    )
)
def weighed(past, y, b, plan, sums, out):
    """Give the share of band `b` in row `y`.

    `past` holds the residuals of this row and the one before, in turns: all bands, and a band of
    zeros, which comes before the first.
    """
    none = past.shape[1] - 1
    here, above = past[y % 2], past[1 - y % 2]
    before = here[b - 1] if b > 0 else here[none]
    second = here[b - 2] if b > 1 else here[none]
    weigh(before, second, above[b], plan[b, 2:], sums[: out.size], out)


@for_samples(lambda of: types.void(reads(of), types.int64, types.int64, writes(of, 3)))
def remember(r, y, b, past):
    """Keep the residuals of band `b` in row `y`."""
    inner = past[y % 2, b, 1:]
    for i in range(r.size):
        inner[i] = r[i]
