"""Prediction of pixels and its undoing, with whichever engine this installation has.

Two engines do exactly the same, which the tests hold them to: numba's compiled loops (the extra
``fast``) and NumPy. What they compute is specified in docs/codec-format.md.
"""

from __future__ import annotations

import logging
from functools import cache

from wildfire_bench.compression.pixel_loops.model import (
    LOW_BITS,
    Blend,
    Engine,
    Grid,
    Plan,
    Predictor,
    Residuals,
    Samples,
    packed_width,
)

__all__ = [
    "LOW_BITS",
    "Blend",
    "Engine",
    "Grid",
    "Plan",
    "Predictor",
    "Residuals",
    "Samples",
    "engine",
    "packed_width",
]

_log = logging.getLogger(__name__)


@cache
def engine() -> Engine:
    """Find the fastest engine: numba when it is installed and works, else NumPy."""
    try:
        from wildfire_bench.compression.pixel_loops.numba_engine import NumbaEngine
    except ImportError:
        from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine

        _log.info("numba is not installed: pixels are predicted with NumPy, which is slower")
        return NumpyEngine()
    return NumbaEngine()
