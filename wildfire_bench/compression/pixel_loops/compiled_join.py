"""Compiled joining: from planes of residuals to rows of residuals."""

from __future__ import annotations

import numpy as np
from numba import types

from wildfire_bench.compression.pixel_loops.compiled import (
    THREE_QUARTERS,
    WEIGHED,
    for_products,
    for_samples,
    reads,
    writes,
)
from wildfire_bench.compression.pixel_loops.compiled_forward import share
from wildfire_bench.compression.pixel_loops.compiled_weights import remember, weighed

__all__ = ["add", "join", "running_sum"]


@for_samples(lambda of: types.void(reads(types.uint8), of, writes(of)))
def set_plane(plane, shift, z):
    kind = z.dtype.type
    for i in range(z.size):
        z[i] = kind(kind(plane[i]) << shift)


@for_samples(lambda of: types.void(reads(types.uint8), of, writes(of)))
def add_plane(plane, shift, z):
    kind = z.dtype.type
    for i in range(z.size):
        z[i] = kind(z[i] | kind(kind(plane[i]) << shift))


@for_samples(lambda of: types.void(reads(types.uint8), types.int64, writes(of)))
def unpack(packed, bits, z):
    kind = z.dtype.type
    mask = np.uint8((1 << bits) - 1)
    m = packed.size
    for part in range(8 // bits):
        start = part * m
        if start < z.size:
            rest = z[start : min(z.size, start + m)]
            shift = np.uint8(part * bits)
            for j in range(rest.size):
                value = np.uint8(np.uint8(packed[j] >> shift) & mask)
                rest[j] = kind(rest[j] | kind(value))


@for_samples(lambda of: types.void(reads(of), writes(of)))
def unzigzag(z, out):
    kind = out.dtype.type
    for i in range(out.size):
        sign = kind(kind(0) - kind(z[i] & kind(1)))
        out[i] = kind(kind(z[i] >> kind(1)) ^ sign)


@for_samples(lambda of: types.void(reads(of), reads(of), of, writes(of)))
def unzigzag_on_three_quarters(z, below, half, out):
    """Do `unzigzag` and `share` in one pass: the blend of most images."""
    kind = out.dtype.type
    lift = kind(half >> kind(2))
    for i in range(out.size):
        sign = kind(kind(0) - kind(z[i] & kind(1)))
        quarter = kind(kind(kind(below[i] ^ half) >> kind(2)) - lift)
        e = kind(kind(z[i] >> kind(1)) ^ sign)
        out[i] = kind(e + kind(below[i] - quarter))


@for_samples(lambda of: types.void(reads(of), writes(of)))
def add(a, out):
    """Add `a` to `out`."""
    kind = out.dtype.type
    for i in range(out.size):
        out[i] = kind(out[i] + a[i])


@for_samples(lambda of: types.void(reads(of), of, writes(of)))
def running_sum(r, start, out):
    """Sum up residuals from the left; `out` may be `r`."""
    kind = out.dtype.type
    total = start
    for i in range(out.size):
        total = kind(total + r[i])
        out[i] = total


@for_products(
    lambda of, word: types.void(
        reads(types.uint8, 2),
        reads(types.uint8, 3),
        reads(types.int64),
        types.int64,
        reads(types.int64, 2),
        writes(of, 3),
        writes(word),
        writes(of),
        writes(of, 2),
    )
)
def join(low, planes, present, y, plan, past, sums, z, r):
    """Bring together the residuals of all bands of row `y`."""
    kind = z.dtype.type
    width = z.size
    half = kind(np.uint64(1) << np.uint64(8 * z.itemsize - 1))
    for b in range(plan.shape[0]):
        low_bits = plan[b, 0]
        if not present[b]:
            z[:] = kind(0)
        for p in range(present[b]):
            plane = planes[p, b, y * width : (y + 1) * width]
            shift = low_bits + 8 * p
            if p == 0:
                set_plane(plane, kind(shift), z)
            elif shift < 8 * z.itemsize:
                add_plane(plane, kind(shift), z)
        if low_bits:
            m = (width * low_bits + 7) // 8
            unpack(low[b, y * m : (y + 1) * m], low_bits, z)
        if plan[b, 1] == THREE_QUARTERS:
            unzigzag_on_three_quarters(z, r[b - 1], half, r[b])
        else:
            unzigzag(z, r[b])
            if plan[b, 1] == WEIGHED:
                weighed(past, y, b, plan, sums, z)
                add(z, r[b])
            elif plan[b, 1]:
                share(r[b - 1], plan[b, 1], half, z)
                add(z, r[b])
        if past.size:
            remember(r[b], y, b, past)
