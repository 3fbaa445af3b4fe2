"""Where the pixels lie in a file, so that they can be predicted from their neighbours.

A layout is a guess that costs size when it is wrong, never correctness: codecs carry all bytes
outside of its runs as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from wildfire_bench.compression.codec import Buffer, byte_view
from wildfire_bench.compression.layouts.netcdf_layout import netcdf_runs
from wildfire_bench.compression.layouts.pixel_run import PixelRun
from wildfire_bench.compression.layouts.raw_guess import guess_runs
from wildfire_bench.compression.layouts.tiff_layout import tiff_runs

__all__ = ["ImageLayout", "PixelRun", "find_layout"]

_SMALLEST_RUN_BYTES = 8192


@dataclass(frozen=True, slots=True)
class ImageLayout:
    """The runs of samples of an image, in order and without overlap."""

    source: str
    """What told: ``tiff``, ``netcdf``, ``guess`` or ``none``."""
    runs: tuple[PixelRun, ...]

    @property
    def pixel_bytes(self) -> int:
        """Bytes of all runs."""
        return sum(run.size_bytes for run in self.runs)


def find_layout(image: Buffer) -> ImageLayout:
    """Find the runs of samples in an image of any format; never raises for what it holds."""
    view = byte_view(image)
    for source, find in (("tiff", tiff_runs), ("netcdf", netcdf_runs)):
        runs = find(view)
        if runs is not None:
            return ImageLayout(source, _in_order(runs, len(view)))
    guessed = _in_order(guess_runs(view), len(view))
    return ImageLayout("guess" if guessed else "none", guessed)


def _in_order(runs: Iterable[PixelRun], size_bytes: int) -> tuple[PixelRun, ...]:
    kept: list[PixelRun] = []
    end = 0
    for run in sorted(runs, key=lambda run: run.offset_bytes):
        inside = min(run.size_bytes, size_bytes - run.offset_bytes)  # the file may be cut off
        if end <= run.offset_bytes and inside >= _SMALLEST_RUN_BYTES:
            kept.append(replace(run, size_bytes=inside))
            end = kept[-1].end_bytes
    return tuple(kept)
