"""Contexts with NumPy alone: how lively the surroundings of each sample are, and sorting by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.pixel_loops.model import CONTEXTS, Bytes, Counts, Surroundings

__all__ = ["activity", "sort_plane", "unsort_plane"]


def activity(above: npt.NDArray[Any], before: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """Weigh what is around each sample of a row, or of several.

    Parameters
    ----------
    above
        Bytes of the row above; zeros above the first.
    before
        Bytes of the same row in the band before; zeros for the first band.
    """
    width = above.shape[-1]
    u, b = (
        np.pad(row.astype(np.uint16), ((0, 0),) * (row.ndim - 1) + ((guards, guards),), "edge")
        for row, guards in ((above, 2), (before, 1))
    )
    u0, u1, u2, u3, u4 = (u[..., i : i + width] for i in range(5))
    b0, b1, b2 = (b[..., i : i + width] for i in range(3))
    weighed: npt.NDArray[np.uint16] = u0 + u1 + 2 * u2 + u3 + u4 + 2 * (b0 + 2 * b1 + b2)
    return weighed


def sort_plane(plane: Bytes, around: Surroundings) -> tuple[Counts, list[Bytes]]:
    """Put each byte of a plane into the stream of its context, and count them."""
    rows = plane.reshape(-1, around.width)
    above = np.concatenate((np.zeros_like(rows[:1]), rows[:-1]))
    before = _before(rows, around)
    kinds = np.searchsorted(around.cuts, activity(above, before)).reshape(-1)
    streams = [plane[kinds == context] for context in range(CONTEXTS)]
    return np.array([stream.size for stream in streams], np.int64), streams


def unsort_plane(streams: Bytes, counts: Counts, around: Surroundings, plane: Bytes) -> bool:
    """Fill `plane` row by row; see `Engine.unsort`."""
    rows = plane.reshape(-1, around.width)
    ends = np.cumsum(counts)
    places = ends - counts
    above = np.zeros_like(rows[0])
    for row, before in zip(rows, _before(rows, around), strict=True):
        kinds = np.searchsorted(around.cuts, activity(above, before))
        for context in range(CONTEXTS):
            here = kinds == context
            start, places[context] = places[context], places[context] + here.sum()
            if places[context] > ends[context]:
                return False
            row[here] = streams[start : places[context]]
        above = row
    return True


def _before(rows: Bytes, around: Surroundings) -> Bytes:
    return np.zeros_like(rows) if around.before is None else around.before.reshape(rows.shape)
