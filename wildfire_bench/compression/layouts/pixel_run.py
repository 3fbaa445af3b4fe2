"""A stretch of a file in which samples lie row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["PixelRun", "SampleKind", "merged"]


class SampleKind(StrEnum):
    """What the bytes of a sample mean."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class PixelRun:
    """Samples that lie without a gap: rows of pixels of interleaved bands."""

    offset_bytes: int
    size_bytes: int
    width: int
    """Pixels in a row."""
    bands: int
    sample_bytes: int
    big_endian: bool
    kind: SampleKind

    @property
    def end_bytes(self) -> int:
        """Where it ends in the file."""
        return self.offset_bytes + self.size_bytes

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel of all bands."""
        return self.bands * self.sample_bytes


def merged(run: PixelRun, places: Iterator[tuple[int, int]]) -> Iterator[PixelRun]:
    """Make runs like `run` of (offset, size) places in order, joining those that touch."""
    start = end = 0
    for offset, size in places:
        if offset != end:
            if end > start:
                yield replace(run, offset_bytes=start, size_bytes=end - start)
            start = offset
        end = offset + size
    if end > start:
        yield replace(run, offset_bytes=start, size_bytes=end - start)
