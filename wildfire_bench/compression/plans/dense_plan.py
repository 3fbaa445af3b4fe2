"""The denser setting: weights and contexts of a run, decided on a few small windows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.layouts.pixel_run import PixelRun
from wildfire_bench.compression.pixel_loops import CONTEXTS, WEIGHTS, Blend, Plan, Samples
from wildfire_bench.compression.pixel_loops.numpy_contexts import activity
from wildfire_bench.compression.pixel_loops.numpy_engine import residual, share, zigzag
from wildfire_bench.compression.pixel_loops.numpy_weights import looked_back
from wildfire_bench.compression.plans.pixel_plan import cheapest_low_bits, magnitude_bits
from wildfire_bench.compression.segments.pixel_segment import native_samples

__all__ = ["denser"]

_WINDOWS = 8
_WINDOW_ROWS = 4
_WINDOW_PIXELS = 768
_ROUNDS = 3
_SOFTENING = 4.0
"""Residuals of less count alike; above it, the larger one is, the less it pulls."""
_FEWEST_LOW_BITS = 2
"""With less, contexts go by bytes that wrap around in lively places."""
_EIGHTHS = 8
_MAX_WEIGHT = 24

Cube = npt.NDArray[Any]


def denser(plan: Plan, run: PixelRun, image: memoryview) -> Plan:
    """Complete a plan with weights, contexts, and the low bits that take the fewest bytes."""
    windows = [_residuals(window, run, plan) for window in _windows(run, image)]
    if not windows:
        return plan
    plan = replace(plan, weights=((0,) * WEIGHTS,) * run.bands)
    for band in range(run.bands):
        weighed = _with_weights(plan, band, _weights(windows, band))
        plan = min((plan, weighed), key=lambda tried: magnitude_bits(_left(windows, tried, band)))
    fewest = _FEWEST_LOW_BITS if run.sample_bytes > 1 else 0
    low_bits = [cheapest_low_bits(_left(windows, plan, band), fewest) for band in range(run.bands)]
    plan = replace(plan, low_bits=tuple(low_bits))
    return replace(plan, cuts=tuple(_cuts(windows, plan, band) for band in range(run.bands)))


def _windows(run: PixelRun, image: memoryview) -> list[Cube]:
    """Take pieces of a few adjacent rows, spread over the run: bands, rows, columns."""
    line = run.width * run.pixel_bytes
    rows = run.size_bytes // line
    height, width = min(rows, _WINDOW_ROWS), min(run.width, _WINDOW_PIXELS)
    windows: list[Cube] = []
    for index in range(_WINDOWS if height > 2 else 0):
        row = (rows - height) * (2 * index + 1) // (2 * _WINDOWS)
        column = (run.width - width) * index // (_WINDOWS - 1)
        start = run.offset_bytes + row * line + column * run.pixel_bytes
        pieces: list[Samples] = [
            native_samples(
                image[begin : begin + width * run.pixel_bytes],
                run.sample_bytes,
                big_endian=run.big_endian,
            )
            for begin in range(start, start + height * line, line)
        ]
        windows.append(np.stack(pieces).reshape(height, width, run.bands).transpose(2, 0, 1))
    return windows


def _residuals(window: Cube, run: PixelRun, plan: Plan) -> Cube:
    """Residuals of all rows but the first, which has none above it."""
    sign = window.dtype.type(1 << (8 * run.sample_bytes - 1) if plan.signed else 0)
    return np.ascontiguousarray(residual(window ^ sign, plan.predictor)[:, 1:])


def _left(windows: list[Cube], plan: Plan, band: int) -> Cube:
    """What is left of a band's residuals, zigzag, all windows beside each other."""
    rests = [zigzag(window[band] - share(window, plan, band))[1:] for window in windows]
    return np.concatenate(rests, axis=-1).reshape(-1)


def _with_weights(plan: Plan, band: int, weights: tuple[int, ...]) -> Plan:
    blends, all_weights = list(plan.blends), list(plan.weights)
    blends[band], all_weights[band] = Blend.WEIGHED, weights
    return replace(plan, blends=tuple(blends), weights=tuple(all_weights))


def _weights(windows: list[Cube], band: int) -> tuple[int, ...]:
    """Fit by least squares, again and again with less pull by what fitted badly."""
    kind = f"i{windows[0].dtype.itemsize}"
    parts = [
        np.stack([part[1:].reshape(-1) for part in (*looked_back(window, band), window[band])])
        for window in windows
    ]
    table = np.concatenate(parts, axis=-1).view(kind).astype(np.float64)
    known, wanted = table[:-1], table[-1]
    pull = np.ones_like(wanted)
    fit = np.zeros(WEIGHTS)
    for _ in range(_ROUNDS):
        pulled = known * pull
        matrix = pulled @ known.T + np.eye(WEIGHTS)
        fit = np.linalg.solve(matrix, pulled @ wanted)
        pull = 1.0 / (np.abs(wanted - fit @ known) + _SOFTENING)
    eighths = np.clip(np.rint(fit * _EIGHTHS), -_MAX_WEIGHT, _MAX_WEIGHT)
    return tuple(eighths.astype(int).tolist())


def _cuts(windows: list[Cube], plan: Plan, band: int) -> tuple[int, ...]:
    """Part the activities so that about as many samples fall into every context."""
    found = []
    for window in windows:
        above = _plane(window, plan, band)[:-1]
        before = _plane(window, plan, band - 1)[1:] if band else np.zeros_like(above)
        found.append(activity(above, before).reshape(-1))
    shares = np.arange(1, CONTEXTS) / CONTEXTS
    cuts: list[int] = np.quantile(np.concatenate(found), shares).astype(int).tolist()
    return tuple(cuts)


def _plane(window: Cube, plan: Plan, band: int) -> Cube:
    z = zigzag(window[band] - share(window, plan, band))
    plane: Cube = (z >> z.dtype.type(plan.low_bits[band])).astype(np.uint8)
    return plane
