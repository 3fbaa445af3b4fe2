"""Prediction of pixels in compiled loops, several times faster than NumPy.

Importing this module compiles for some 20 seconds the first time, and loads numba's cache later.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from wildfire_bench.compression.pixel_loops.compiled_forward import predict
from wildfire_bench.compression.pixel_loops.compiled_inverse import restore
from wildfire_bench.compression.pixel_loops.compiled_lanes import LANES, restore_in_lanes
from wildfire_bench.compression.pixel_loops.model import Grid, Plan, Predictor, Residuals, Samples

__all__ = ["NumbaEngine"]


class _Workspace(threading.local):
    """Room for the last grid of each thread: fresh memory would cost page faults every time."""

    def __init__(self) -> None:
        self.grid: Grid | None = None
        self.residuals: Residuals
        self.arrays: tuple[Any, Any, Any, Any]

    def fit(self, grid: Grid) -> None:
        if grid == self.grid:
            return
        kind = np.dtype(f"u{grid.sample_bytes}")
        bands = -(-grid.bands // 4) * 4
        self.residuals = Residuals(
            np.empty((grid.bands, grid.rows * grid.width), np.uint8),
            np.empty((grid.sample_bytes, grid.bands, grid.pixels), np.uint8),
            np.zeros(grid.bands, np.int64),
        )
        self.arrays = (
            np.zeros((2 * bands, grid.width + 2), kind),
            np.zeros((bands + 4, grid.width + 2), kind),
            np.zeros((bands, grid.width), kind),
            tuple(np.zeros(4 * (grid.width + guards), kind) for guards in (0, 0, 2)),
        )
        self.grid = grid


class NumbaEngine:
    """The algorithm of docs/codec-format.md in compiled loops."""

    name = "numba"

    def __init__(self) -> None:
        self._workspace = _Workspace()

    def forward(self, samples: Samples, grid: Grid, plan: Plan) -> Residuals:
        """Predict all samples; see `Engine.forward`."""
        residuals = self.room(grid)
        lines, work, _, _ = self._workspace.arrays
        residuals.present[:] = 0
        predict(
            samples,
            _shape(grid, plan),
            _sign_bit(samples, plan),
            _bands(plan),
            lines,
            work,
            residuals.low,
            residuals.planes,
            residuals.present,
        )
        return residuals

    def inverse(self, residuals: Residuals, grid: Grid, plan: Plan, samples: Samples) -> None:
        """Fill `samples`; see `Engine.inverse`."""
        self._workspace.fit(grid)
        lines, work, above, lanes = self._workspace.arrays
        r = work.reshape(-1)[: above.size].reshape(above.shape)
        if plan.predictor is Predictor.AVERAGE and grid.bands in LANES and grid.sample_bytes <= 2:
            words = tuple(lane.view(f"u{4 * grid.sample_bytes}") for lane in lanes)
            restore_in_lanes(
                residuals.low,
                residuals.planes,
                residuals.present,
                _shape(grid, plan),
                _sign_bit(samples, plan),
                _bands(plan),
                r,
                lanes,
                words,
                samples,
            )
            return
        restore(
            residuals.low,
            residuals.planes,
            residuals.present,
            _shape(grid, plan),
            _sign_bit(samples, plan),
            _bands(plan),
            lines,
            r,
            above,
            samples,
        )

    def room(self, grid: Grid) -> Residuals:
        """Give room for residuals; see `Engine.room`."""
        self._workspace.fit(grid)
        return self._workspace.residuals


def _shape(grid: Grid, plan: Plan) -> tuple[int, int, int, int]:
    return grid.rows, grid.width, grid.bands, int(plan.predictor)


def _sign_bit(samples: Samples, plan: Plan) -> Any:
    return samples.dtype.type(1 << (8 * samples.itemsize - 1) if plan.signed else 0)


def _bands(plan: Plan) -> Any:
    return np.array(tuple(zip(plan.low_bits, plan.blends, strict=True)), np.int64)
