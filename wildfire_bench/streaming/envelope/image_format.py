"""What kind of file an image is, told from its first bytes alone."""

from __future__ import annotations

import struct
from typing import Final

from typing_extensions import Buffer

__all__ = ["HEAD_BYTES", "OCTET_STREAM", "media_type_of"]

HEAD_BYTES: Final = 64 * 1024 + 8
"""How much of an image is worth handing to `media_type_of`: more is not looked at.

HDF5 may begin with a user block, so its signature may stand at 0, 512, 1024, ... bytes (each the
double of the last); this much covers user blocks of up to 64 KiB.
"""

OCTET_STREAM: Final = "application/octet-stream"
"""What an image of no known kind is."""

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_HDF5_FIRST_USER_BLOCK_BYTES: Final = 512
_BIGTIFF_OFFSET_BYTES: Final = 8

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),  # the signature box of ISO/IEC 15444-1, I.5
    (b"\xff\x4f\xff\x51", "image/jp2"),  # a bare codestream: SOC, then SIZ, which must follow
    (_HDF5, "application/x-hdf5"),
    (b"CDF\x01", "application/x-netcdf"),  # classic
    (b"CDF\x02", "application/x-netcdf"),  # 64-bit offsets
    (b"CDF\x05", "application/x-netcdf"),  # 64-bit data
)


def media_type_of(head: Buffer) -> str:
    """Tell the media type of an image by its content; names and suffixes do not count.

    Parameters
    ----------
    head
        The first bytes of the image, contiguous; `HEAD_BYTES` of them suffice, fewer may miss HDF5
        behind a user block.

    Returns
    -------
    str
        ``image/tiff`` (classic and BigTIFF, either byte order, GeoTIFF included), ``image/jp2``
        (JPEG 2000 as file or bare codestream), ``image/png``, ``image/jpeg``,
        ``application/x-hdf5``, ``application/x-netcdf`` (the classic formats), else
        ``application/octet-stream``.

    Notes
    -----
    A netCDF-4 file *is* an HDF5 file, so it is ``application/x-hdf5``: only its object tree, which
    may lie anywhere in the file, would tell the two apart.
    """
    view = memoryview(head).cast("B")[:HEAD_BYTES]
    start = bytes(view[:16])
    for signature, media_type in _SIGNATURES:
        if start.startswith(signature):
            return media_type
    if _is_tiff(start):
        return "image/tiff"
    if _has_hdf5_behind_user_block(view):
        return "application/x-hdf5"
    return OCTET_STREAM


def _is_tiff(start: bytes) -> bool:
    """Whether a TIFF header (TIFF 6.0, section 2) stands here, with a place for its directory."""
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None or len(start) < 8:
        return False
    (version,) = struct.unpack_from(f"{order}H", start, 2)
    if version == 42:
        (directory,) = struct.unpack_from(f"{order}I", start, 4)
        return bool(directory >= 8)
    if version == 43 and len(start) >= 16:
        offset_bytes, zero, directory = struct.unpack_from(f"{order}HHQ", start, 4)
        return bool(offset_bytes == _BIGTIFF_OFFSET_BYTES and zero == 0 and directory >= 16)
    return False


def _has_hdf5_behind_user_block(view: memoryview) -> bool:
    offset = _HDF5_FIRST_USER_BLOCK_BYTES
    while offset + len(_HDF5) <= len(view):
        if bytes(view[offset : offset + len(_HDF5)]) == _HDF5:
            return True
        offset *= 2
    return False
