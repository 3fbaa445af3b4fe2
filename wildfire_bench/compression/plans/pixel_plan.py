"""How to predict the samples of a run, decided on a few small windows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from wildfire_bench.compression.layouts.pixel_run import PixelRun, SampleKind
from wildfire_bench.compression.pixel_loops import Blend, Plan, Predictor
from wildfire_bench.compression.pixel_loops.numpy_engine import blended, residual, zigzag
from wildfire_bench.compression.segments.pixel_segment import native_samples

__all__ = ["cheapest_low_bits", "magnitude_bits", "plan_for"]

_WINDOWS = 4
_WINDOW_PIXELS = 768
_BLIND_WINDOW_BYTES = 1 << 14
_WORTHWHILE = 0.97
"""Prediction must be expected to come below this share of what zstd makes of the bytes."""
_REPETITIVE = 0.05
"""Below this share of its size, zstd is at home: masks, fill values, text."""
_LOW_BITS = (0, 2, 4, 8)
"""Single bits pack too slowly to be worth it."""
_TOLERANCE_BITS = 0.05
"""What keeping more bits out of entropy coding may cost a sample: it is faster by far."""
_RICH_PLANE_BITS = 4.0
"""In planes of less entropy, zstd loses much time to matches that gain little."""
_FAST_BLEND_BITS = 0.03
"""What another blend must gain over `Blend.THREE_QUARTERS`, which is undone fastest."""
_BLENDS = (Blend.NONE, Blend.WHOLE, Blend.THREE_QUARTERS, Blend.HALF)

Cube = npt.NDArray[Any]


def plan_for(run: PixelRun, image: memoryview) -> Plan | None:
    """Choose predictor, blends and low bits; None where zstd alone does better."""
    windows = list(_windows(run, image))
    if not windows:
        return None
    signed = run.kind is SampleKind.SIGNED
    sign = windows[0].dtype.type(1 << (8 * run.sample_bytes - 1) if signed else 0)
    predictor, rests = min(
        ((p, [residual(w ^ sign, p)[:, 1:] for w in windows]) for p in Predictor),
        key=lambda choice: magnitude_bits(zigzag(np.concatenate(choice[1], axis=-1))),
    )
    rest = np.concatenate([part.reshape(run.bands, -1) for part in rests], axis=-1)
    blends, low_bits, bits = [], [], 0.0
    for band in range(run.bands):
        below = rest[band - 1] if band else rest[0]
        blend = _best_blend(rest[band], below) if band else Blend.NONE
        chosen, cost = _low_bits(zigzag(rest[band] - blended(below, blend)))
        blends.append(blend)
        low_bits.append(chosen)
        bits += cost / run.bands
    blind = _blind_share(run, image)
    if blind < _REPETITIVE or bits > _WORTHWHILE * 8 * run.sample_bytes * blind:
        return None
    return Plan(predictor, signed, tuple(low_bits), tuple(blends))


def _windows(run: PixelRun, image: memoryview) -> Iterator[Cube]:
    """Take pieces of two adjacent rows, spread over the run: bands, rows, columns."""
    line = run.width * run.pixel_bytes
    rows = run.size_bytes // line
    if rows < 2:
        return
    width = min(run.width, _WINDOW_PIXELS)
    for index in range(_WINDOWS):
        row = (rows - 2) * (2 * index + 1) // (2 * _WINDOWS)
        column = (run.width - width) * index // max(1, _WINDOWS - 1)
        start = run.offset_bytes + row * line + column * run.pixel_bytes
        pieces = [
            native_samples(
                image[begin : begin + width * run.pixel_bytes],
                run.sample_bytes,
                big_endian=run.big_endian,
            ).reshape(width, run.bands)
            for begin in (start, start + line)
        ]
        yield np.stack(pieces).transpose(2, 0, 1)


def magnitude_bits(z: Cube) -> float:
    """Estimate what coding zigzag residuals takes, in bits of a sample."""
    return float(np.log2(1.0 + z).mean())


def _best_blend(rest: Cube, below: Cube) -> Blend:
    bits = {blend: magnitude_bits(zigzag(rest - blended(below, blend))) for blend in _BLENDS}
    bits[Blend.THREE_QUARTERS] -= _FAST_BLEND_BITS
    return min(bits, key=bits.__getitem__)


def _low_bits(z: Cube) -> tuple[int, float]:
    """Choose how many bits to keep out of entropy coding, and what a sample then costs."""
    planes = _planes(z)
    costs = {bits: bits + sum(planes[bits]) for bits in planes}
    limit = min(costs.values()) + _TOLERANCE_BITS
    return max(
        (bits, cost)
        for bits, cost in costs.items()
        if cost == min(costs.values()) or (cost <= limit and planes[bits][0] > _RICH_PLANE_BITS)
    )


def cheapest_low_bits(z: Cube, fewest: int) -> int:
    """Choose how many bits to keep out of entropy coding, by size alone."""
    costs = {bits: bits + sum(planes) for bits, planes in _planes(z).items() if bits >= fewest}
    return min(costs, key=costs.__getitem__)


def _planes(z: Cube) -> dict[int, list[float]]:
    return {bits: _plane_bits(z, bits) for bits in _LOW_BITS if bits < 8 * z.dtype.itemsize}


def _plane_bits(z: Cube, low_bits: int) -> list[float]:
    """Entropy of the planes above the low bits, in bits of a sample.

    Few samples look more orderly than all would: the correction is Miller's and Madow's.
    """
    entropies = []
    for shift in range(low_bits, 8 * z.dtype.itemsize, 8):
        counts = np.bincount((z >> z.dtype.type(shift)).astype(np.uint8), minlength=256)
        shares = counts[counts > 0] / z.size
        missed = (shares.size - 1) / (2 * np.log(2) * z.size)
        entropies.append(missed - float((shares * np.log2(shares)).sum()))
    return entropies


def _blind_share(run: PixelRun, image: memoryview) -> float:
    """Share of its size to which zstd brings a piece of the run."""
    start = run.offset_bytes + run.size_bytes // 2
    piece = image[start : min(start + _BLIND_WINDOW_BYTES, run.end_bytes)]
    return len(zstandard.ZstdCompressor(level=1).compress(piece)) / len(piece)
