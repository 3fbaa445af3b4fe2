"""One small real picture in every file format that satellite images come in."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from wildfire_bench.errors import InvalidParameter, SampleUnavailable
from wildfire_bench.samples.scenes import SCENES, Pixels

__all__ = ["FormatSample", "format_names", "format_sample"]

_SCENE: Final = "sentinel-2"
_SIDE: Final = 512
"""Pixels; large enough that even the JPEG makes two chunks of the smallest size."""
_BITS_SHOWN: Final = 3
"""Reflectances here are mostly below 2,048: this many low bits are dropped for 8 bit a channel."""
_JPEG_QUALITY: Final = 97


@dataclass(frozen=True, slots=True)
class FormatSample:
    """A real picture as a file of one format."""

    name: str
    media_type: str
    """What `wildfire_bench.streaming.envelope.image_format.media_type_of` says of it."""
    data: bytes = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)
    """As `send_satellite_image` takes it."""


def format_names() -> tuple[str, ...]:
    """Names of the formats: ``tiff``, ``bigtiff``, ``jp2``, ``png``, ``jpeg``, ..."""
    return tuple(_FORMATS)


def format_sample(name: str) -> FormatSample:
    """Make a corner of the Sentinel-2 scene into a file of a format.

    Parameters
    ----------
    name
        One of `format_names`. ``netcdf4`` is an HDF5 file with netCDF's dimensions, ``raw`` pixels
        without any header.

    Raises
    ------
    InvalidParameter
        If there is no such format.
    SampleUnavailable
        If a package of the extra ``[samples]`` is not installed.
    """
    if name not in _FORMATS:
        msg = f"format {name!r} is unknown: choose one of {', '.join(_FORMATS)}"
        raise InvalidParameter(msg)
    media_type, write = _FORMATS[name]
    scene = SCENES[_SCENE]
    corner = np.ascontiguousarray(scene.pixels()[:_SIDE, :_SIDE])
    try:
        data = write(corner)
    except ModuleNotFoundError as missing:
        msg = (
            f"a sample in format {name} needs {missing.name}: pip install 'wildfire-bench[samples]'"
        )
        raise SampleUnavailable(msg) from None
    return FormatSample(name, media_type, data, dict(scene.metadata))


def _tiff(pixels: Pixels, *, bigtiff: bool = False) -> bytes:
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(file, pixels, bigtiff=bigtiff, photometric="minisblack")
    return file.getvalue()


def _bigtiff(pixels: Pixels) -> bytes:
    return _tiff(pixels, bigtiff=True)


def _jp2(pixels: Pixels) -> bytes:
    return _by_pillow(pixels, "JPEG2000")


def _png(pixels: Pixels) -> bytes:
    return _by_pillow(pixels, "PNG")


def _jpeg(pixels: Pixels) -> bytes:
    return _by_pillow(pixels, "JPEG", quality=_JPEG_QUALITY)


def _by_pillow(pixels: Pixels, image_format: str, **options: Any) -> bytes:
    from PIL import Image

    blue_green_red = np.minimum(pixels[..., :3] >> _BITS_SHOWN, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(blue_green_red[..., ::-1])).save(
        file, image_format, **options
    )
    return file.getvalue()


def _hdf5(pixels: Pixels) -> bytes:
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as tree:
        tree["reflectance"] = pixels
    return file.getvalue()


def _netcdf4(pixels: Pixels) -> bytes:
    """An HDF5 file whose axes are dimension scales, which is what netCDF-4 reads as dimensions."""
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w", track_order=True) as tree:
        band = tree.create_dataset("reflectance", data=pixels, chunks=(128, 128, 4))
        for axis, name in enumerate(("y", "x", "band")):
            scale = tree.create_dataset(name, data=np.arange(pixels.shape[axis]))
            scale.make_scale(name)
            band.dims[axis].attach_scale(scale)
    return file.getvalue()


def _raw(pixels: Pixels) -> bytes:
    return pixels.tobytes()


_FORMATS: Final[Mapping[str, tuple[str, Callable[[Pixels], bytes]]]] = MappingProxyType(
    {
        "tiff": ("image/tiff", _tiff),
        "bigtiff": ("image/tiff", _bigtiff),
        "jp2": ("image/jp2", _jp2),
        "png": ("image/png", _png),
        "jpeg": ("image/jpeg", _jpeg),
        "hdf5": ("application/x-hdf5", _hdf5),
        "netcdf4": ("application/x-hdf5", _netcdf4),
        "raw": ("application/octet-stream", _raw),
    }
)
