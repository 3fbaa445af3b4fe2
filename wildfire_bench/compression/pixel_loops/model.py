"""What prediction takes and gives: grids, plans, residuals, and what an engine is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "BURST_BYTES",
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
    "packed_width",
]

Samples: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
"""Unsigned samples of 1, 2, 4 or 8 bytes in native byte order, one dimension."""

LOW_BITS = (0, 1, 2, 4, 8)
"""How many noise bits of a residual may be kept out of entropy coding."""

WEIGHTS = 5
"""Weights, in eighths, of the residuals of: the band before and the one before that, both at the
same pixel; and, of the same band, the pixels above, above left and above right."""
CONTEXTS = 8
"""Into how many streams the bytes of a plane are sorted by what surrounds them."""
BURST_BYTES = 64
"""How many bytes an engine may write past the end of a stream."""

Bytes: TypeAlias = npt.NDArray[np.uint8]
Counts: TypeAlias = npt.NDArray[np.int64]
"""How many bytes of a plane each context has."""
Cuts: TypeAlias = npt.NDArray[np.uint16]
"""The activities, ascending, that part the contexts of a band: one less than these."""


class Predictor(IntEnum):
    """What a sample is expected to be; the value is its code in the format."""

    LEFT = 1
    UP = 2
    GRADIENT = 3
    """Left + up - upper left."""
    AVERAGE = 4
    """Half left, a quarter up, a quarter upper right."""


class Blend(IntEnum):
    """Share of the residual of the band before, at the same pixel, that is subtracted."""

    NONE = 0
    WHOLE = 1
    THREE_QUARTERS = 2
    HALF = 3
    WEIGHED = 4
    """No share of that one alone, but a sum of several residuals by the band's weights."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The shape of some samples: rows of pixels of interleaved bands."""

    rows: int
    width: int
    """Pixels in a row."""
    bands: int
    sample_bytes: int

    @property
    def pixels(self) -> int:
        """Pixels in all rows."""
        return self.rows * self.width

    @property
    def size_bytes(self) -> int:
        """Bytes of all samples."""
        return self.pixels * self.bands * self.sample_bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """How samples are predicted."""

    predictor: Predictor
    signed: bool
    low_bits: tuple[int, ...]
    """For each band, bits of a residual that are stored as they are."""
    blends: tuple[Blend, ...]
    """For each band; the first has no band before it, and is `NONE` or `WEIGHED`."""
    weights: tuple[tuple[int, ...], ...] = ()
    """For each band, the `WEIGHTS` of its blend `WEIGHED`; none where no band has that."""
    cuts: tuple[tuple[int, ...], ...] = ()
    """For each band, activities that part its contexts; none where planes are not sorted."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the bytes of a plane are sorted by, beside those of the row above."""

    before: Bytes | None
    """The same plane of the band before; None for the first band."""
    width: int
    cuts: Cuts


@dataclass(frozen=True, slots=True)
class Residuals:
    """What prediction left over, band by band, split for entropy coding."""

    low: npt.NDArray[np.uint8]
    """Packed low bits: for each band ``rows * packed_width(width, bits)`` bytes are in use."""
    planes: npt.NDArray[np.uint8]
    """The bits above, eight at a time: indexed by significance, band, pixel."""
    present: npt.NDArray[np.int64]
    """For each band, how many planes from the lowest are not all zero."""


class Engine(Protocol):
    """Prediction and its undoing; safe to share between threads, without the GIL."""

    @property
    def name(self) -> str:
        """Name of the engine, for reports: ``numba`` or ``numpy``."""

    def forward(self, samples: Samples, grid: Grid, plan: Plan) -> Residuals:
        """Predict all samples. The result is valid until this thread's next call."""

    def inverse(self, residuals: Residuals, grid: Grid, plan: Plan, samples: Samples) -> None:
        """Fill `samples` with what `residuals` were made from."""

    def room(self, grid: Grid) -> Residuals:
        """Give room for residuals, to fill before `inverse`; valid until the next call."""

    def sort(self, plane: Bytes, around: Surroundings) -> tuple[Counts, Sequence[Bytes]]:
        """Sort the bytes of a plane by context, each in the order of the plane.

        Gives how many each context has, and a stream for each, of which so many bytes are in use.
        Valid until this thread's next call.
        """

    def unsort(self, streams: Bytes, counts: Counts, around: Surroundings, plane: Bytes) -> bool:
        """Fill `plane` from streams that follow each other; False where `counts` are wrong.

        `streams` is `stream_room`. The sum of `counts` is the plane's size.
        """

    def stream_room(self, grid: Grid) -> Bytes:
        """Give room for the streams of a plane and a row more; valid until the next call."""


def packed_width(width: int, bits: int) -> int:
    """Bytes that the low `bits` of a row of `width` samples take."""
    return -(-width * bits // 8) if bits else 0
