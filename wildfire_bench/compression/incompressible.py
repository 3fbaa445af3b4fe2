"""Recognise what will not shrink, so that no time is spent on trying and nothing grows."""

from __future__ import annotations

from collections.abc import Callable

from wildfire_bench.compression.codec import Buffer, byte_view

__all__ = ["looks_incompressible"]

_WORTHWHILE = 0.98
"""Images of which samples do not shrink below this share are stored."""
_WINDOWS = 8
_WINDOW_BYTES = 8192


def looks_incompressible(image: Buffer, compress: Callable[[memoryview], bytes]) -> bool:
    """Tell from a few windows whether an image is compressed or random already.

    Where it is wrong, it costs size, never correctness: the image is then stored, or compressed
    in vain.

    Parameters
    ----------
    image
        All of it.
    compress
        A fast compressor to try on the windows.
    """
    view = byte_view(image)
    if len(view) <= _WINDOWS * _WINDOW_BYTES:
        return bool(len(view)) and len(compress(view)) >= len(view)
    # Never at the very ends: headers and trailers shrink where all between them does not.
    step = len(view) // _WINDOWS
    first = (step - _WINDOW_BYTES) // 2
    windows = [view[first + i * step :][:_WINDOW_BYTES] for i in range(_WINDOWS)]
    kept = sum(len(compress(window)) for window in windows)
    return kept > _WORTHWHILE * _WINDOWS * _WINDOW_BYTES
