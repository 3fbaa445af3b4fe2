"""The codec for LZW TIFFs: their pixels are predicted, and the identical file is made again.

Strips whose bytes our encoder does not reproduce, and all files that are no LZW TIFF, are coded as
codec predictive has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wildfire_bench.compression.codec import Buffer, ImageEncoder, byte_view
from wildfire_bench.compression.layouts.tiff_layout import LzwStrips, lzw_strips
from wildfire_bench.compression.pixel_loops import Grid, Plan
from wildfire_bench.compression.plans.dense_plan import denser
from wildfire_bench.compression.plans.pixel_plan import plan_for
from wildfire_bench.compression.plans.run_plans import DEFAULT_LEVEL, DENSE_LEVEL, known_level
from wildfire_bench.compression.predictive import PredictiveCodec, blind_segments, decode_segment
from wildfire_bench.compression.segments.container import (
    EncodedSegment,
    Kind,
    join_segments,
    segments,
)
from wildfire_bench.compression.segments.lzw_segment import (
    decode_strips,
    encode_strips,
    undifferenced,
)
from wildfire_bench.compression.segments.pixel_segment import MAX_BANDS

__all__ = ["UnwrapCodec", "UnwrapEncoder"]

_GROUP_BYTES = 1 << 20
"""Decoded bytes of strips that are coded together."""
_TRIAL_STRIPS = 4


@dataclass(frozen=True, slots=True)
class UnwrapCodec:
    """Segments of LZW strips, all others as codec predictive has them."""

    level: int = DEFAULT_LEVEL
    name: str = "unwrap"

    @classmethod
    def at_level(cls, level: int | None) -> UnwrapCodec:
        """Make an encoder for a level of codec predictive, None for the default."""
        return cls(known_level(level))

    def encode(self, block: Buffer) -> bytes:
        """Encode one block as if it were an image of its own."""
        view = byte_view(block)
        found = _plan(view, self.level)
        if found is None:
            return PredictiveCodec(self.level).encode(view)
        return UnwrapEncoder(*found, level=self.level).encode(view, 0)

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Unwrap an LZW TIFF; any other image is left to codec predictive."""
        found = _plan(byte_view(image), self.level)
        if found is None:
            return PredictiveCodec(self.level).for_image(image)
        return UnwrapEncoder(*found, level=self.level)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Decode segment by segment into `out`; see `Decoder.decode_into`."""
        for segment in segments(payload, len(out)):
            room = out[segment.start : segment.stop]
            if segment.kind is Kind.LZW:
                decode_strips(segment.body, room)
            else:
                decode_segment(segment, room)


@dataclass(frozen=True, slots=True)
class UnwrapEncoder:
    """Encodes the blocks of one LZW TIFF; safe to share between threads."""

    strips: LzwStrips
    plan: Plan
    name: str = "unwrap"
    level: int = DEFAULT_LEVEL

    def encode(self, block: Buffer, offset_bytes: int) -> bytes:
        """Encode the bytes of the image that start at `offset_bytes`."""
        view = byte_view(block)
        pieces: list[EncodedSegment] = []
        position = 0
        for group in self._groups(offset_bytes, offset_bytes + len(view)):
            places = [(at - offset_bytes, size, raw) for at, size, raw in group]
            start, stop = places[0][0], places[-1][0] + places[-1][1]
            pieces.extend(blind_segments(view[position:start]))
            pieces.extend(self._unwrapped(view, places) or blind_segments(view[start:stop]))
            position = stop
        pieces.extend(blind_segments(view[position:]))
        return join_segments(view, pieces)

    def _groups(self, start: int, stop: int) -> Iterator[list[tuple[int, int, int]]]:
        """Put whole strips within a block together that follow each other."""
        group: list[tuple[int, int, int]] = []
        for place in self.strips.places:
            offset, size, _ = place
            if offset < start or offset + size > stop:
                continue
            raw = sum(each[2] for each in group)
            if group and (sum(group[-1][:2]) != offset or raw >= _GROUP_BYTES):
                yield group
                group = []
            group.append(place)
        if group:
            yield group

    def _unwrapped(
        self, view: memoryview, places: list[tuple[int, int, int]]
    ) -> list[EncodedSegment]:
        run = self.strips.run
        raw_sizes = [raw for _, _, raw in places]
        rows = sum(raw_sizes) // (run.width * run.pixel_bytes)
        parts = encode_strips(
            [view[at : at + size] for at, size, _ in places],
            raw_sizes,
            Grid(rows, run.width, run.bands, run.sample_bytes),
            self.plan,
            big_endian=run.big_endian,
            differenced=self.strips.differenced,
        )
        size = sum(size for _, size, _ in places)
        piece = EncodedSegment(Kind.LZW, size, parts or ())
        return [piece] if parts and piece.encoded_bytes < size else []


def _plan(image: memoryview, level: int) -> tuple[LzwStrips, Plan] | None:
    """Plan by a few strips from the middle of an LZW TIFF; None for any other file."""
    strips = lzw_strips(image)
    if strips is None or strips.run.bands > MAX_BANDS:
        return None
    from wildfire_bench.compression.segments.lzw import lzw_decode  # late: it brings numba

    middle = max(0, len(strips.places) // 2 - _TRIAL_STRIPS // 2)
    raws = []
    for offset, size, raw_bytes in strips.places[middle : middle + _TRIAL_STRIPS]:
        raw = lzw_decode(image[offset : offset + size], raw_bytes)
        if raw is None:
            return None
        raws.append(raw)
    joined, run = b"".join(raws), strips.run
    if strips.differenced:
        rows = len(joined) // (run.width * run.pixel_bytes)
        grid = Grid(rows, run.width, run.bands, run.sample_bytes)
        joined = undifferenced(joined, grid, big_endian=run.big_endian)
    trial = replace(run, offset_bytes=0, size_bytes=len(joined))
    plan = plan_for(trial, memoryview(joined))
    if plan is None:
        return None
    return strips, denser(plan, trial, memoryview(joined)) if level == DENSE_LEVEL else plan
