"""Real scenes to send and to measure with, cut or grown to a wanted size.

The pixels come from installed data packages; nothing is downloaded. ``sample("sentinel-2",
20_000_000)`` is a TIFF of at most that many bytes, made once and kept in the user's cache folder.
"""

from __future__ import annotations

from wildfire_bench.samples.making import MAX_SAMPLE_BYTES, Sample, sample, sample_names
from wildfire_bench.samples.tiff import TiffLayout

__all__ = ["MAX_SAMPLE_BYTES", "Sample", "TiffLayout", "sample", "sample_names"]
