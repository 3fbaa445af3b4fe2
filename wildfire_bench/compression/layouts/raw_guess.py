"""A guess at the samples of a file of unknown format, from the bytes alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wildfire_bench.compression.layouts.pixel_run import PixelRun, SampleKind

__all__ = ["guess_runs"]

_SMALLEST_BYTES = 1 << 16
_WINDOW_BYTES = 1 << 13
_ROW_WINDOW_SAMPLES = 1 << 15
_WORTHWHILE_BITS = 6.0
"""Estimated bits of a byte above which prediction gains too little to be tried."""
_FIRST_PEAK = 0.85
_CLEAR_PEAK = 0.1
"""Share of the variance that samples a row apart must have in common."""


def guess_runs(image: memoryview) -> list[PixelRun]:
    """Guess sample size, byte order, bands and row length; empty when nothing fits."""
    if len(image) < _SMALLEST_BYTES:
        return []
    middle = len(image) // 2 // 64 * 64
    window = np.frombuffer(image, np.uint8, _WINDOW_BYTES, middle - _WINDOW_BYTES // 2 // 64 * 64)
    bits, dtype, bands = min(
        (_bits_of_a_byte(window.view(dtype), bands), dtype, bands)
        for dtype in ("u1", "<u2", ">u2", "<u4", ">u4")
        for bands in (1, 2, 3, 4)
    )
    if bits > _WORTHWHILE_BITS:
        return []
    kind = np.dtype(dtype)
    pixel_bytes = bands * kind.itemsize
    width = _row_length(image, kind, bands) or min(4096, len(image) // pixel_bytes)
    return [
        PixelRun(
            0,
            len(image) // pixel_bytes * pixel_bytes,
            width,
            bands,
            kind.itemsize,
            dtype.startswith(">"),
            SampleKind.UNSIGNED,
        )
    ]


def _bits_of_a_byte(samples: npt.NDArray[Any], distance: int) -> float:
    native = samples.astype(samples.dtype.newbyteorder("="))
    change = (native[distance:] - native[:-distance]).view(f"i{native.itemsize}")
    return float(np.log2(1.0 + 2.0 * np.abs(change.astype(np.float32))).mean()) / native.itemsize


def _row_length(image: memoryview, kind: np.dtype[Any], bands: int) -> int | None:
    """Pixels between rows, from the highest peak of the autocorrelation of the first band."""
    count = min(_ROW_WINDOW_SAMPLES * bands, len(image) // kind.itemsize // bands * bands)
    start = (len(image) - count * kind.itemsize) // 2 // (bands * kind.itemsize)
    samples = np.frombuffer(image, kind, count, start * bands * kind.itemsize)[::bands]
    change = np.diff(samples.astype(np.float32))
    # Padding to twice the length keeps the ends apart; a power of two is fast.
    spectrum = np.fft.rfft(change - change.mean(), 2 * _ROW_WINDOW_SAMPLES)
    alike = np.fft.irfft(spectrum * spectrum.conj())[: change.size // 2]
    if alike[0] <= 0:
        return None
    share = alike[16:] / alike[0] / (1 - np.arange(16, alike.size) / change.size)
    if share.max() < _CLEAR_PEAK:
        return None
    # Rows two or three apart are nearly as alike as adjacent ones: take the first high peak.
    first = int(np.argmax(share > _FIRST_PEAK * share.max()))
    return first + int(np.argmax(share[first : first + 8])) + 16
