"""Recognise what will not shrink, so that no time is spent on trying."""

from __future__ import annotations

import zlib

from wildfire_bench.compression.codec import Buffer, byte_view

__all__ = ["WORTHWHILE", "looks_incompressible"]

WORTHWHILE = 0.98
"""Images of which samples do not shrink below this share are stored."""
_WINDOWS = 8
_WINDOW_BYTES = 4096


def looks_incompressible(image: Buffer) -> bool:
    """Tell from a few windows whether an image is compressed or random already.

    Costs about a millisecond. Where it is wrong, it costs size, never correctness: the image is
    then stored, or compressed in vain.
    """
    view = byte_view(image)
    if len(view) < 2 * _WINDOWS * _WINDOW_BYTES:
        return False
    step = (len(view) - _WINDOW_BYTES) // (_WINDOWS - 1)
    tried = kept = 0
    for index in range(_WINDOWS):
        window = view[index * step : index * step + _WINDOW_BYTES]
        tried += len(window)
        kept += len(zlib.compress(window, 1, -15))
    return kept > WORTHWHILE * tried
