"""More rows of a scene than it has, without a repeat that a codec could use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wildfire_bench.samples.scenes import Pixels, Scene

__all__ = ["Mosaic"]

_TURNS = 4
"""As it is, rows reversed, columns as rows, those reversed: no two share a row of pixels."""


@dataclass(frozen=True, slots=True)
class Mosaic:
    """A scene as an image of any number of rows.

    Up to its own height that is its first rows, untouched. Above, square tiles cut from it stand
    one below the other, each turned another way, so that no row of pixels comes twice within four
    tiles a square. Samples of 16 bit are moreover raised by the number of the tile, a few steps of
    about ten thousand, after which not even pixels come again at any distance; scenes of 8 bit
    have two squares, so a repeat is 175 MB away: farther than zstd's largest window, 128 MiB.
    """

    scene: Scene
    source: Pixels
    """Rows, columns and bands as read, before the scene's derivation."""

    def width(self, rows: int) -> int:
        """Columns of an image of so many rows."""
        height, width, _ = self.source.shape
        return int(width if rows <= height else min(height, width))

    def sample_of(self) -> Pixels:
        """One pixel, to ask for its type and number of bands."""
        return self._derived(self.source[:1, :1])

    def row_bytes(self, rows: int) -> int:
        """Bytes of a row in an image of so many rows."""
        return self.width(rows) * self.sample_of().nbytes

    def rows_within(self, size_bytes: int) -> int:
        """Most rows whose pixels fit into so many bytes."""
        height = int(self.source.shape[0])
        rows = size_bytes // self.row_bytes(height)
        if rows <= height:
            return rows
        return max(height, size_bytes // self.row_bytes(height + 1))

    def read(self, rows: int) -> Iterator[Pixels]:
        """Give the image from top to bottom, a tile at a time."""
        if rows <= self.source.shape[0]:
            yield self._derived(self.source[:rows])
            return
        left, number = rows, 0
        while left > 0:
            tile = self._tile(number)[:left]
            yield self._derived(tile)
            left -= tile.shape[0]
            number += 1

    def describe(self, rows: int) -> str:
        """Say what was done to the scene, for the provenance."""
        if rows <= self.source.shape[0]:
            return f"first {rows:,} of its {self.source.shape[0]:,} rows, unaltered"
        side = min(self.source.shape[:2])
        raised = " and raised by the number of the tile" if self._raises() else ""
        return (
            f"a mosaic, not one scene: {-(-rows // side):,} square tiles of {side:,} pixels one "
            f"below the other, each turned another way{raised}, so that none repeats within the "
            "window of any codec"
        )

    def _tile(self, number: int) -> Pixels:
        side = min(self.source.shape[:2])
        squares = max(self.source.shape[:2]) // side
        turn, place = number % _TURNS, number // _TURNS % squares
        square = self.source[:side, place * side : (place + 1) * side]
        turned = np.swapaxes(square, 0, 1) if turn >= _TURNS // 2 else square
        tile: Pixels = turned[:, ::-1] if turn % 2 else turned
        return tile + tile.dtype.type(number) if self._raises() else tile

    def _raises(self) -> bool:
        return self.source.dtype.itemsize > 1

    def _derived(self, pixels: Pixels) -> Pixels:
        return pixels if self.scene.derive is None else self.scene.derive(pixels)
