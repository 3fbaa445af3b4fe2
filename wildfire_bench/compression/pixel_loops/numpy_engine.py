"""Prediction of pixels with NumPy alone: the slower engine, and the plainer one to read."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.pixel_loops.model import (
    Blend,
    Bytes,
    Counts,
    Grid,
    Plan,
    Predictor,
    Residuals,
    Samples,
    Surroundings,
    packed_width,
)
from wildfire_bench.compression.pixel_loops.numpy_contexts import sort_plane, unsort_plane
from wildfire_bench.compression.pixel_loops.numpy_weights import looked_back, weighed

__all__ = ["NumpyEngine", "blended", "residual", "share", "zigzag"]

Cube: TypeAlias = Any
"""Array of unsigned samples indexed by band, row, column, of any of their types."""

_FEWEST_ROWS = 64
"""Undone at a time, however narrow they are."""


class NumpyEngine:
    """The algorithm of docs/codec-format.md in whole-array operations."""

    name = "numpy"

    def forward(self, samples: Samples, grid: Grid, plan: Plan) -> Residuals:
        """Predict all samples; see `Engine.forward`."""
        cube = _cube(samples, grid) ^ _sign_bit(samples.dtype, plan.signed)
        left_over = residual(cube, plan.predictor)
        room = self.room(grid)
        for band in range(grid.bands):
            z = zigzag(left_over[band] - share(left_over, plan, band))
            bits = plan.low_bits[band]
            packed = _pack(z, bits)
            room.low[band, : packed.size] = packed.reshape(-1)
            for index, plane in enumerate(room.planes[:, band]):
                shift = bits + 8 * index
                plane[:] = (_shifted(z, shift) & z.dtype.type(255)).reshape(-1)
                if plane.any():
                    room.present[band] = index + 1
        return room

    def inverse(self, residuals: Residuals, grid: Grid, plan: Plan, samples: Samples) -> None:
        """Fill `samples`; see `Engine.inverse`."""
        left_over = np.zeros((grid.bands, grid.rows, grid.width), samples.dtype)
        for band in range(grid.bands):
            z = _unsplit(residuals, grid, band, plan.low_bits[band], samples.dtype)
            left_over[band] = _unzigzag(z)
            if plan.blends[band] is Blend.WEIGHED:
                _add_weighed(left_over, plan.weights[band], band)
            else:
                left_over[band] += share(left_over, plan, band)
        cube = _undo(left_over, plan.predictor) ^ _sign_bit(samples.dtype, plan.signed)
        samples[:] = cube.transpose(1, 2, 0).reshape(-1)

    def room(self, grid: Grid) -> Residuals:
        """Give room for residuals; see `Engine.room`."""
        return Residuals(
            np.zeros((grid.bands, grid.rows * packed_width(grid.width, 8)), np.uint8),
            np.zeros((grid.sample_bytes, grid.bands, grid.pixels), np.uint8),
            np.zeros(grid.bands, np.int64),
        )

    def sort(self, plane: Bytes, around: Surroundings) -> tuple[Counts, list[Bytes]]:
        """Sort the bytes of a plane by context; see `Engine.sort`."""
        return sort_plane(plane, around)

    def unsort(self, streams: Bytes, counts: Counts, around: Surroundings, plane: Bytes) -> bool:
        """Fill `plane`; see `Engine.unsort`."""
        return unsort_plane(streams, counts, around, plane)

    def stream_room(self, grid: Grid) -> Bytes:
        """Give room for the streams of a plane; see `Engine.stream_room`."""
        return np.zeros(grid.pixels, np.uint8)


def residual(cube: Cube, predictor: Predictor) -> Cube:
    """Subtract the prediction from every sample, modulo the range of the type."""
    x = cube
    out = np.empty_like(x)
    out[:, 0, 0] = x[:, 0, 0]
    out[:, 0, 1:] = x[:, 0, 1:] - x[:, 0, :-1]
    here, up = x[:, 1:], x[:, :-1]
    if predictor is Predictor.UP:
        out[:, 1:] = here - up
    elif predictor is Predictor.LEFT:
        out[:, 1:, 0] = here[..., 0] - up[..., 0]
        out[:, 1:, 1:] = here[..., 1:] - here[..., :-1]
    elif predictor is Predictor.GRADIENT:
        change = here - up
        out[:, 1:, 0] = change[..., 0]
        out[:, 1:, 1:] = change[..., 1:] - change[..., :-1]
    else:
        left = np.concatenate((up[..., :1], here[..., :-1]), axis=-1)
        out[:, 1:] = here - _mean_up(_mean_down(up, _right(up)), left)
    return out


def share(left_over: Cube, plan: Plan, band: int) -> Cube:
    """What is subtracted from the residuals of a band."""
    if plan.blends[band] is Blend.WEIGHED:
        return weighed(looked_back(left_over, band), plan.weights[band])
    below = left_over[band - 1] if band else left_over[0]
    return blended(below, plan.blends[band])


def _add_weighed(left_over: Cube, weights: tuple[int, ...], band: int) -> None:
    """Undo row by row, since each looks back to the one above."""
    for y in range(left_over.shape[1]):
        rows = left_over[:, max(0, y - 1) : y + 1]
        rows[band, -1] += weighed([part[-1] for part in looked_back(rows, band)], weights)


def blended(below: Cube, blend: Blend) -> Cube:
    """Share of a residual, as signed numbers, modulo the range of the type."""
    if blend is Blend.NONE:
        return np.zeros_like(below)
    if blend is Blend.WHOLE:
        return below
    if blend is Blend.HALF:
        return _signed_shift(below, 1)
    return below - _signed_shift(below, 2)


def zigzag(e: Cube) -> Cube:
    """Map 0, -1, 1, -2, 2, ... to 0, 1, 2, 3, 4, ..."""
    one, top = e.dtype.type(1), e.dtype.type(8 * e.dtype.itemsize - 1)
    return (e << one) ^ (e.dtype.type(0) - (e >> top))


def _cube(samples: Samples, grid: Grid) -> Cube:
    return samples.reshape(grid.rows, grid.width, grid.bands).transpose(2, 0, 1)


def _sign_bit(dtype: np.dtype[Any], signed: bool) -> Any:
    return dtype.type(1 << (8 * dtype.itemsize - 1) if signed else 0)


def _mean_down(a: Cube, b: Cube) -> Cube:
    return (a & b) + ((a ^ b) >> a.dtype.type(1))


def _mean_up(a: Cube, b: Cube) -> Cube:
    return (a | b) - ((a ^ b) >> a.dtype.type(1))


def _right(up: Cube) -> Cube:
    return np.concatenate((up[..., 1:], up[..., -1:]), axis=-1)


def _signed_shift(x: Cube, places: int) -> Cube:
    half = 1 << (8 * x.dtype.itemsize - 1)
    lifted = (x ^ x.dtype.type(half)) >> x.dtype.type(places)
    return lifted - x.dtype.type(half >> places)


def _shifted(z: Cube, shift: int) -> Cube:
    return z >> z.dtype.type(shift) if shift < 8 * z.dtype.itemsize else np.zeros_like(z)


def _pack(z: Cube, bits: int) -> npt.NDArray[np.uint8]:
    if not bits:
        return np.empty(0, np.uint8)
    rows, width = z.shape
    part = packed_width(width, bits)
    low = np.zeros((rows, 8 // bits, part), np.uint8)
    low.reshape(rows, -1)[:, :width] = z & z.dtype.type((1 << bits) - 1)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    packed: npt.NDArray[np.uint8] = np.bitwise_or.reduce(low << shifts[:, None], axis=1)
    return packed.reshape(-1)


def _unsplit(residuals: Residuals, grid: Grid, band: int, bits: int, dtype: np.dtype[Any]) -> Cube:
    z = np.zeros((grid.rows, grid.width), dtype)
    for index in range(int(residuals.present[band])):
        shift = bits + 8 * index
        if shift < 8 * dtype.itemsize:
            plane = residuals.planes[index, band].reshape(z.shape)
            z |= plane.astype(dtype) << dtype.type(shift)
    if bits:
        part = packed_width(grid.width, bits)
        packed = residuals.low[band, : grid.rows * part].reshape(grid.rows, 1, part)
        shifts = np.arange(0, 8, bits, dtype=np.uint8)
        low = (packed >> shifts[:, None]) & np.uint8((1 << bits) - 1)
        z |= low.reshape(grid.rows, -1)[:, : grid.width].astype(dtype)
    return z


def _unzigzag(z: Cube) -> Cube:
    one = z.dtype.type(1)
    return (z >> one) ^ (z.dtype.type(0) - (z & one))


def _undo(r: Cube, predictor: Predictor) -> Cube:
    if predictor is Predictor.AVERAGE:
        return _undo_average(r)
    x = r.copy()
    x[:, 0] = np.cumsum(r[:, 0], axis=-1, dtype=r.dtype)
    if predictor is Predictor.LEFT:
        x[..., 0] = np.cumsum(r[..., 0], axis=-1, dtype=r.dtype)
        x[:, 1:] = np.cumsum(x[:, 1:], axis=-1, dtype=r.dtype)
        return x
    if predictor is Predictor.GRADIENT:
        x[:, 1:] = np.cumsum(r[:, 1:], axis=-1, dtype=r.dtype)
    return np.cumsum(x, axis=1, dtype=r.dtype)


def _undo_average(r: Cube) -> Cube:
    """Undo as many rows at a time as a row is wide: work and memory stay in proportion to `r`."""
    out = r.copy()
    out[:, 0] = np.cumsum(r[:, 0], axis=-1, dtype=r.dtype)
    most = max(_FEWEST_ROWS, r.shape[-1])
    for start in range(1, r.shape[1], most):
        _undo_average_below(out[:, start - 1 : start + most])
    return out


def _undo_average_below(r: Cube) -> None:
    """Fill all samples of one ``column + 2 * row`` at a time, in place; the first row is done.

    A sample needs its left, upper and upper right neighbours, which have smaller such sums. So
    the cube is skewed: indexed by that sum, band and row.
    """
    bands, rows, width = r.shape
    x = np.zeros((width + 2 * rows, bands, rows), r.dtype)
    for y in range(rows):
        x[2 * y : 2 * y + width, :, y] = r[:, y].T
    for total in range(2, width + 2 * (rows - 1)):
        first = max(1, -(-(total - width + 1) // 2))
        last = min(rows - 1, total // 2)
        here, above = slice(first, last + 1), slice(first - 1, last)
        up, right, left = x[total - 2, :, above], x[total - 1, :, above], x[total - 1, :, here]
        if total - 2 * first == width - 1:
            right = right.copy()
            right[:, 0] = up[:, 0]
        if total == 2 * last:
            left = left.copy()
            left[:, -1] = up[:, -1]
        x[total, :, here] += _mean_up(_mean_down(up, right), left)
    for y in range(1, rows):
        r[:, y] = x[2 * y : 2 * y + width, :, y].T
