"""Prediction of pixels and its undoing, with whichever engine this installation has.

Two engines do exactly the same, which the tests hold them to: numba's compiled loops (the extra
``fast``) and NumPy. What they compute is specified in docs/codec-format.md.
"""

from __future__ import annotations

import logging
from functools import cache

from wildfire_bench.compression.pixel_loops.model import (
    CONTEXTS,
    LOW_BITS,
    WEIGHTS,
    Blend,
    Bytes,
    Counts,
    Cuts,
    Engine,
    Grid,
    Plan,
    Predictor,
    Residuals,
    Samples,
    Surroundings,
    packed_width,
)

__all__ = [
    "CONTEXTS",
    "LOW_BITS",
    "WEIGHTS",
    "Blend",
    "Bytes",
    "Counts",
    "Cuts",
    "Engine",
    "Grid",
    "Plan",
    "Predictor",
    "Residuals",
    "Samples",
    "Surroundings",
    "engine",
    "packed_width",
]

_log = logging.getLogger(__name__)


@cache
def engine() -> Engine:
    """Find the fastest engine: numba when it is installed and works, else NumPy."""
    try:
        from wildfire_bench.compression.pixel_loops.numba_engine import NumbaEngine
    except (ImportError, RuntimeError) as error:  # numba raises the latter where it cannot cache
        from wildfire_bench.compression.pixel_loops.numpy_engine import NumpyEngine

        _log.warning(
            "pixels are predicted with NumPy, several times slower, since numba cannot be used "
            "(%s): install wildfire-bench[fast]",
            error,
        )
        return NumpyEngine()
    return NumbaEngine()
