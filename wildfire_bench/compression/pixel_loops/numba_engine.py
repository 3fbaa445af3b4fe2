"""Prediction of pixels in compiled loops, several times faster than NumPy.

Importing this module compiles for some 20 seconds the first time, and loads numba's cache later.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from wildfire_bench.compression.pixel_loops.compiled_contexts import sort_plane, unsort_plane
from wildfire_bench.compression.pixel_loops.compiled_forward import predict
from wildfire_bench.compression.pixel_loops.compiled_inverse import restore
from wildfire_bench.compression.pixel_loops.compiled_lanes import LANES, restore_in_lanes
from wildfire_bench.compression.pixel_loops.model import (
    BURST_BYTES,
    CONTEXTS,
    WEIGHTS,
    Blend,
    Bytes,
    Counts,
    Grid,
    Plan,
    Predictor,
    Residuals,
    Samples,
    Surroundings,
)

__all__ = ["NumbaEngine"]


class _Workspace(threading.local):
    """Room for the last grid of each thread: fresh memory would cost page faults every time.

    Rows are made when they are first needed: a segment may be one row of megabytes, and a reader
    of such segments has no use for what writing them takes.
    """

    def __init__(self) -> None:
        self.grid: Grid | None = None
        self.residuals: Residuals
        self._kind: np.dtype[Any]
        self._forward: tuple[Any, Any] | None
        self._inverse: tuple[Any, Any, Any] | None
        self._lanes: tuple[Any, Any] | None
        self.past: Any
        self.sums: Any

    def fit(self, grid: Grid) -> None:
        if grid == self.grid:
            return
        self._kind = kind = np.dtype(f"u{grid.sample_bytes}")
        self.residuals = Residuals(
            np.empty((grid.bands, grid.rows * grid.width), np.uint8),
            np.empty((grid.sample_bytes, grid.bands, grid.pixels), np.uint8),
            np.zeros(grid.bands, np.int64),
        )
        self._forward = self._inverse = self._lanes = None
        self.sums = np.zeros(grid.width, np.promote_types(kind, np.uint16))
        self.past = np.empty((0, 0, 0), kind)
        self.grid = grid

    def forward_rows(self, grid: Grid) -> tuple[Any, Any]:
        """Give two rows of samples for each band, and rows to work on."""
        if self._forward is None:
            line = grid.width + 2
            self._forward = (
                np.zeros((2 * grid.bands, line), self._kind),
                np.zeros((grid.bands + 4, line), self._kind),
            )
        return self._forward

    def inverse_rows(self, grid: Grid) -> tuple[Any, Any, Any]:
        """Give a row of samples, of residuals and of means for each band and padding band."""
        if self._inverse is None:
            bands = grid.bands if grid.bands % 4 == 1 else -(-grid.bands // 4) * 4
            self._inverse = (
                np.zeros((bands, grid.width + 2), self._kind),
                np.zeros((bands, grid.width), self._kind),
                np.zeros((bands, grid.width), self._kind),
            )
        return self._inverse

    def lanes(self, grid: Grid) -> tuple[Any, Any]:
        """Give residuals of four bands, and rows in which the bands of a pixel share a word."""
        if self._lanes is None:
            self._lanes = (
                np.zeros((4, grid.width), self._kind),
                tuple(np.zeros(4 * (grid.width + guards), self._kind) for guards in (0, 0, 2)),
            )
        return self._lanes

    def memory(self, plan: Plan) -> tuple[Any, Any]:
        """Give what weighed bands look back to, or nothing, and room for their sums."""
        if Blend.WEIGHED not in plan.blends:
            return self.past[:0], self.sums
        if not self.past.size:
            bands, line = self.residuals.present.size, self.sums.size + 2
            self.past = np.zeros((2, bands + 1, line), self.past.dtype)
        self.past[1] = 0
        return self.past, self.sums


class _SortingRoom(threading.local):
    """Room of each thread for sorting its last shape of plane, or undoing that."""

    def __init__(self) -> None:
        self.counts = np.zeros(CONTEXTS, np.int64)
        self._streams = np.empty(0, np.uint8)
        self._width = 0
        self._rows: tuple[Any, Any, Any]

    def streams(self, size_bytes: int) -> Bytes:
        if self._streams.size < size_bytes:
            self._streams = np.empty(size_bytes, np.uint8)
        return self._streams[:size_bytes]

    def rows(self, width: int) -> tuple[Any, Any, Any]:
        """Give two rows of bytes with guards, one of activities and one of contexts."""
        if width != self._width:
            self._rows = (
                np.zeros((2, width + 4), np.uint8),
                np.zeros(width, np.uint16),
                np.zeros(width, np.uint8),
            )
            self._width = width
        return self._rows


class NumbaEngine:
    """The algorithm of docs/codec-format.md in compiled loops."""

    name = "numba"

    def __init__(self) -> None:
        self._workspace = _Workspace()
        self._sorting = _SortingRoom()

    def forward(self, samples: Samples, grid: Grid, plan: Plan) -> Residuals:
        """Predict all samples; see `Engine.forward`."""
        residuals = self.room(grid)
        lines, work = self._workspace.forward_rows(grid)
        residuals.present[:] = 0
        predict(
            samples,
            _shape(grid, plan),
            _sign_bit(samples, plan),
            _bands(plan),
            lines,
            work,
            *self._workspace.memory(plan),
            residuals.low,
            residuals.planes,
            residuals.present,
        )
        return residuals

    def inverse(self, residuals: Residuals, grid: Grid, plan: Plan, samples: Samples) -> None:
        """Fill `samples`; see `Engine.inverse`."""
        self._workspace.fit(grid)
        if plan.predictor is Predictor.AVERAGE and grid.bands in LANES and grid.sample_bytes <= 2:
            r, lanes = self._workspace.lanes(grid)
            words = tuple(lane.view(f"u{4 * grid.sample_bytes}") for lane in lanes)
            restore_in_lanes(
                residuals.low,
                residuals.planes,
                residuals.present,
                _shape(grid, plan),
                _sign_bit(samples, plan),
                _bands(plan),
                *self._workspace.memory(plan),
                r,
                lanes,
                words,
                samples,
            )
            return
        lines, r, above = self._workspace.inverse_rows(grid)
        restore(
            residuals.low,
            residuals.planes,
            residuals.present,
            _shape(grid, plan),
            _sign_bit(samples, plan),
            _bands(plan),
            *self._workspace.memory(plan),
            lines,
            r,
            above,
            samples,
        )

    def room(self, grid: Grid) -> Residuals:
        """Give room for residuals; see `Engine.room`."""
        self._workspace.fit(grid)
        return self._workspace.residuals

    def sort(self, plane: Bytes, around: Surroundings) -> tuple[Counts, list[Bytes]]:
        """Sort the bytes of a plane by context; see `Engine.sort`."""
        room = self._sorting
        streams = room.streams(CONTEXTS * (plane.size + BURST_BYTES))
        sort_plane(plane, *_sorted_by(around), *room.rows(around.width), room.counts, streams)
        return room.counts, list(streams.reshape(CONTEXTS, -1))

    def unsort(self, streams: Bytes, counts: Counts, around: Surroundings, plane: Bytes) -> bool:
        """Fill `plane`; see `Engine.unsort`."""
        rows = self._sorting.rows(around.width)
        return bool(unsort_plane(streams, counts, *_sorted_by(around), *rows, plane))

    def stream_room(self, grid: Grid) -> Bytes:
        """Give room for the streams of a plane; see `Engine.stream_room`."""
        return self._sorting.streams(grid.pixels + grid.width + BURST_BYTES)


def _sorted_by(around: Surroundings) -> tuple[Any, int, Any]:
    before = np.empty(0, np.uint8) if around.before is None else around.before
    return before, around.width, around.cuts


def _shape(grid: Grid, plan: Plan) -> tuple[int, int, int, int]:
    return grid.rows, grid.width, grid.bands, int(plan.predictor)


def _sign_bit(samples: Samples, plan: Plan) -> Any:
    return samples.dtype.type(1 << (8 * samples.itemsize - 1) if plan.signed else 0)


def _bands(plan: Plan) -> Any:
    weights = plan.weights or ((0,) * WEIGHTS,) * len(plan.blends)
    rows = zip(plan.low_bits, plan.blends, weights, strict=True)
    return np.array([(bits, blend, *sums) for bits, blend, sums in rows], np.int64)
