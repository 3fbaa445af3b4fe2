"""How the loops are compiled: for which types, and where the result is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types

__all__ = [
    "BYTES",
    "GRADIENT",
    "HALF",
    "LEFT",
    "THREE_QUARTERS",
    "UP",
    "WHOLE",
    "for_lanes",
    "for_samples",
    "reads",
    "writes",
]

LEFT, UP, GRADIENT = 1, 2, 3
"""Codes of `Predictor`, as the integers that compiled code compares."""
WHOLE, THREE_QUARTERS, HALF = 1, 2, 3
"""Codes of `Blend`."""


def reads(of: Any, dimensions: int = 1) -> Any:
    """Type of an array that is only read."""
    return types.Array(of, dimensions, "C", readonly=True)


def writes(of: Any, dimensions: int = 1) -> Any:
    """Type of an array that is written."""
    return types.Array(of, dimensions, "C")


BYTES = writes(types.uint8)


def for_samples(signature: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Compile for every type of sample."""
    kinds = (types.uint8, types.uint16, types.uint32, types.uint64)
    return _compiled([signature(of) for of in kinds])


def for_lanes(signature: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Compile for the types of samples of which a machine word holds four, and that word."""
    kinds = ((types.uint8, types.uint32), (types.uint16, types.uint64))
    return _compiled([signature(of, word) for of, word in kinds])


def _compiled(signatures: list[Any]) -> Callable[[Any], Any]:
    """Compile now, or load what ``__pycache__`` or the user's cache folder holds."""
    compiler: Callable[[Any], Any] = njit(signatures, nogil=True, cache=True, boundscheck=False)
    return compiler
