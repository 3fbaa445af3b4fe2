"""TIFF files of a wanted layout and size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from wildfire_bench.errors import InvalidParameter
from wildfire_bench.samples.mosaic import Mosaic

__all__ = ["TiffLayout", "rows_that_fit", "write_tiff"]

_TILE: Final = (256, 256)


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the pixels lie in the file; by default as most scenes come: strips, pixel by pixel."""

    planar: bool = False
    """Each band on its own, one after the other."""
    tiled: bool = False
    """Tiles of 256 by 256 pixels in place of strips."""
    bigtiff: bool = False
    """64-bit offsets."""
    big_endian: bool = False
    compression: Literal["zlib"] | None = None

    @property
    def in_one_run(self) -> bool:
        """Whether the pixels lie in the file as in memory, row after row."""
        return not (self.planar or self.tiled or self.compression)


def rows_that_fit(mosaic: Mosaic, size_bytes: int, layout: TiffLayout, scratch: Path) -> int:
    """Most rows whose file is not above a size; compression is left out of account.

    Parameters
    ----------
    scratch
        Where an empty file may be written to see what a TIFF needs beside its pixels.

    Raises
    ------
    InvalidParameter
        If not even one row fits.
    """
    rows = mosaic.rows_within(size_bytes)
    while rows > 0:
        excess = _blank_size(mosaic, rows, layout, scratch) - size_bytes
        if excess <= 0:
            return rows
        if layout.tiled:
            rows = (rows - 1) // _TILE[0] * _TILE[0]  # part of a tile takes as much as a whole one
        else:
            rows -= max(1, excess // mosaic.row_bytes(rows))
    msg = (
        f"a TIFF of {mosaic.scene.name} cannot have {size_bytes:,} bytes: one row takes "
        f"{mosaic.row_bytes(1):,} and the header some hundred more (tiles have {_TILE[0]} rows)"
    )
    raise InvalidParameter(msg)


def write_tiff(mosaic: Mosaic, rows: int, layout: TiffLayout, path: Path) -> None:
    """Write so many rows of a mosaic.

    Uncompressed strips, pixel by pixel, are written a tile of the mosaic at a time; any other
    layout holds the image in memory.
    """
    import tifffile

    options = _options(mosaic, rows, layout)
    if layout.in_one_run:
        tifffile.imwrite(path, **options)
        with tifffile.TiffFile(path) as file:
            start = file.pages.first.dataoffsets[0]
        image = np.memmap(path, options["dtype"], "r+", offset=start, shape=options["shape"])
        _fill(image, mosaic, rows)
        image.flush()
        return
    shape, dtype = options.pop("shape"), options.pop("dtype")
    interleaved = np.empty((rows, mosaic.width(rows), mosaic.sample_of().shape[-1]), dtype)
    _fill(interleaved, mosaic, rows)
    arranged = np.moveaxis(interleaved, -1, 0) if layout.planar else interleaved
    pixels = np.ascontiguousarray(arranged).reshape(shape)
    tifffile.imwrite(path, pixels, compression=layout.compression, **options)


def _blank_size(mosaic: Mosaic, rows: int, layout: TiffLayout, scratch: Path) -> int:
    import tifffile

    tifffile.imwrite(scratch, **_options(mosaic, rows, layout))
    size_bytes = scratch.stat().st_size
    scratch.unlink()
    return size_bytes


def _options(mosaic: Mosaic, rows: int, layout: TiffLayout) -> dict[str, Any]:
    pixel = mosaic.sample_of()
    bands, width = pixel.shape[-1], mosaic.width(rows)
    shape: tuple[int, ...] = (rows, width, bands)
    if bands == 1:
        shape = (rows, width)
    elif layout.planar:
        shape = (bands, rows, width)
    return {
        "shape": shape,
        "dtype": pixel.dtype.newbyteorder(">" if layout.big_endian else "<"),
        "byteorder": ">" if layout.big_endian else "<",
        "bigtiff": layout.bigtiff,
        "photometric": "rgb" if bands == 3 else "minisblack",
        "planarconfig": None if bands == 1 else ("separate" if layout.planar else "contig"),
        "tile": _TILE if layout.tiled else None,
        "metadata": None,  # none of tifffile's own: the file depends on pixels and layout alone
        "software": False,
    }


def _fill(image: Any, mosaic: Mosaic, rows: int) -> None:
    top = 0
    for tile in mosaic.read(rows):
        bottom = top + tile.shape[0]
        image[top:bottom] = tile.reshape(image[top:bottom].shape)
        top = bottom
