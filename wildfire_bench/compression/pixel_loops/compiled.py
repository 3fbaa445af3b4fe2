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
    "WEIGHED",
    "WHOLE",
    "compiled",
    "for_lanes",
    "for_products",
    "for_samples",
    "reads",
    "writes",
]

LEFT, UP, GRADIENT = 1, 2, 3
"""Codes of `Predictor`, as the integers that compiled code compares."""
WHOLE, THREE_QUARTERS, HALF, WEIGHED = 1, 2, 3, 4
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
    return compiled([signature(of) for of in kinds])


def for_lanes(signature: Callable[[Any, Any, Any], Any]) -> Callable[[Any], Any]:
    """Compile for types of samples, a machine word of four, and that of `for_products`."""
    kinds = ((types.uint8, types.uint32), (types.uint16, types.uint64))
    return compiled([signature(of, word, types.uint16) for of, word in kinds])


def for_products(signature: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Compile for every type of sample, and the type in which products of it are summed."""
    wide = (types.uint16, types.uint32, types.uint64)
    kinds = ((types.uint8, types.uint16), *zip(wide, wide, strict=True))
    return compiled([signature(of, word) for of, word in kinds])


def compiled(signatures: list[Any]) -> Callable[[Any], Any]:
    """Compile now, or load what ``__pycache__`` or the user's cache folder holds."""
    compiler: Callable[[Any], Any] = njit(signatures, nogil=True, cache=True, boundscheck=False)
    return compiler
