"""Sums of residuals that were seen before, by the weights of a band, with NumPy alone."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

__all__ = ["looked_back", "weighed"]

Cube: TypeAlias = Any
"""Array of unsigned samples indexed by band, row, column, of any of their types."""


def looked_back(left_over: Cube, band: int) -> list[Cube]:
    """Give the residuals that the weights of a band are for, in their order.

    Outside of the rows, and before the first band, they are zero. The last axis is the column, the
    one before it the row.
    """
    none = np.zeros_like(left_over[band])
    before = left_over[band - 1] if band > 0 else none
    second = left_over[band - 2] if band > 1 else none
    above = np.pad(left_over[band], ((1, 0), (1, 1)))[:-1]
    return [before, second, above[:, 1:-1], above[:, :-2], above[:, 2:]]


def weighed(parts: list[Cube], weights: tuple[int, ...]) -> Cube:
    """Sum up, in at least 16 bits, and divide by eight, rounded."""
    narrow = parts[0].dtype
    wide = np.promote_types(narrow, np.uint16)
    total = np.full(parts[0].shape, 4, wide)
    for part, weight in zip(parts, weights, strict=True):
        signed = part.view(f"i{narrow.itemsize}").astype(f"i{wide.itemsize}").view(wide)
        total += signed * np.array(weight, np.int64).astype(wide)
    return (total.view(f"i{wide.itemsize}") >> 3).astype(narrow)
