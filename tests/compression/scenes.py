"""Images of every layout, small enough for unit tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from hypothesis import strategies as st
from PIL import Image

SAMPLE_TYPES = ("u1", "<u2", ">u2", "<u4", ">u4", "<u8", "<i2", ">i2", "<f4", ">f4", "<f8")


def smooth(rows: int, width: int, bands: int, dtype: str, seed: int = 0) -> npt.NDArray[Any]:
    """A slope with noise: something that prediction is good for."""
    rng = np.random.default_rng(seed)
    y, x, band = np.ogrid[:rows, :width, :bands]
    noise = rng.normal(0, 3, (rows, width, bands))
    return (60 + y / 3 + x / 2 + 10 * band + noise).astype(np.float64).astype(dtype)


def tiff(pixels: npt.NDArray[Any], **options: Any) -> bytes:
    """Write pixels (rows, columns, bands) as a TIFF."""
    if pixels.shape[-1] == 1:
        pixels = pixels[..., 0]
    elif options.setdefault("planarconfig", "contig") == "separate":
        pixels = np.moveaxis(pixels, -1, 0)
    order = ">" if pixels.dtype.byteorder == ">" else "<"
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="minisblack", byteorder=order, **options)
    return file.getvalue()


def lzw_tiff(pixels: npt.NDArray[Any], predictor: int = 1) -> bytes:
    """Write pixels as libtiff does."""
    file = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.save(file, "TIFF", compression="tiff_lzw", tiffinfo={317: predictor})
    return file.getvalue()


@st.composite
def images(draw: st.DrawFn) -> bytes:
    """TIFFs of all layouts, raw samples, and both cut off or with garbage in them."""
    shape = (draw(st.integers(1, 60)), draw(st.integers(1, 90)), draw(st.integers(1, 5)))
    dtype = draw(st.sampled_from(SAMPLE_TYPES))
    pixels = smooth(*shape, dtype, draw(st.integers(0, 9)))
    options: dict[str, Any] = draw(
        st.sampled_from(
            (
                {},
                {"bigtiff": True},
                {"planarconfig": "separate"},
                {"tile": (16, 32)},
                {"rowsperstrip": 7},
            )
        )
    )
    if options.get("planarconfig") == "separate" and shape[2] == 1:
        options = {}
    if draw(st.booleans()) and draw(st.booleans()):
        image = pixels.tobytes()
    else:
        image = tiff(pixels, **options)
    garbled = bytearray(image)
    for _ in range(draw(st.integers(0, 3))):
        garbled[draw(st.integers(0, len(garbled) - 1))] = draw(st.integers(0, 255))
    return bytes(garbled[draw(st.integers(0, 3)) : draw(st.integers(len(image) // 2, len(image)))])
