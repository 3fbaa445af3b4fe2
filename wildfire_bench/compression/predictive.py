"""The pixel-aware codec: what a sample's neighbours do not tell is coded, the rest is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from wildfire_bench.compression.codec import Buffer, ImageEncoder, byte_view
from wildfire_bench.compression.layouts.image_layout import ImageLayout, PixelRun, find_layout
from wildfire_bench.compression.layouts.pixel_run import SampleKind
from wildfire_bench.compression.pixel_loops import Engine, Grid, Plan, engine
from wildfire_bench.compression.plans.run_plans import (
    DEFAULT_LEVEL,
    known_level,
    largest_runs,
    likeness_of,
    plans_for,
)
from wildfire_bench.compression.segments.container import (
    EncodedSegment,
    Kind,
    Segment,
    join_segments,
    segments,
)
from wildfire_bench.compression.segments.pixel_segment import decode_pixels, encode_pixels
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.compression.zstd import ZstdCodec, decompress_frame, will_not_shrink
from wildfire_bench.errors import CorruptPayload

__all__ = [
    "FloatCoding",
    "PredictiveCodec",
    "PredictiveEncoder",
    "blind_segments",
    "decode_segment",
]

_SEGMENT_BYTES = 1 << 20
"""Pixels coded at a time: what prediction and entropy coding touch stays in the cache."""
_DENSE_SEGMENT_BYTES = 2 << 20
"""At the denser setting, which has more to say about each segment."""
_LONGEST_ROW_BYTES = 4 << 20
_SMALLEST_TAIL_BYTES = 4096
_TRIAL_BYTES = 1 << 16
_FLOATS_SHARE = 0.98
"""pcodec must come below this share of prediction, which is several times faster."""
_BLIND = ZstdCodec(1)


@dataclass(frozen=True, slots=True)
class PredictiveCodec:
    """Prediction from neighbouring pixels and bands, with zstd as entropy coder.

    The format is docs/codec-format.md. Bytes that are no pixels are coded by zstd, and a block
    that does not shrink is carried as it is, 28 bytes longer.
    """

    level: int = DEFAULT_LEVEL
    name: str = "predictive"

    @classmethod
    def at_level(cls, level: int | None) -> PredictiveCodec:
        """Make an encoder for a level, None for the default."""
        return cls(known_level(level))

    def encode(self, block: Buffer) -> bytes:
        """Encode one block as if it were an image of its own."""
        return PredictiveEncoder(byte_view(block), level=self.level).encode(block, 0)

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Find the pixels of an image; an image that would not shrink is stored."""
        view = byte_view(image)
        layout = find_layout(view)
        if not layout.runs and will_not_shrink(view):
            return StoredCodec().for_image(view)
        return PredictiveEncoder(view, layout, level=self.level)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Decode segment by segment into `out`; see `Decoder.decode_into`."""
        for segment in segments(payload, len(out)):
            decode_segment(segment, out[segment.start : segment.stop])


def decode_segment(segment: Segment, out: memoryview) -> None:
    """Fill `out` with what a segment decodes to.

    Raises
    ------
    CorruptPayload
        If it does not decode to exactly that, or is of a kind that this codec never writes.
    """
    if segment.kind is Kind.PIXELS:
        decode_pixels(segment.body, out, engine())
    elif segment.kind is Kind.ZSTD:
        decompress_frame(segment.body, out)
    elif segment.kind is Kind.VERBATIM and len(segment.body) == len(out):
        out[:] = segment.body
    else:
        msg = (
            f"segment of kind {segment.kind.name} and {len(segment.body):,} bytes cannot make "
            f"{len(out):,} bytes here"
        )
        raise CorruptPayload(msg)


class PredictiveEncoder:
    """Encodes the blocks of one image; safe to share between threads.

    Parameters
    ----------
    image
        The whole image, looked at now and not kept.
    layout
        Where its pixels lie; found when not given.
    pixel_engine
        What predicts; the fastest when not given.
    name
        Wire name of the codec that decodes the blocks.
    encode_floats
        What codes floating-point samples; without it they are predicted like integers.
    level
        2 for the denser setting; None for a codec without levels.
    """

    def __init__(
        self,
        image: memoryview,
        layout: ImageLayout | None = None,
        pixel_engine: Engine | None = None,
        *,
        name: str = "predictive",
        encode_floats: FloatCoding | None = None,
        level: int | None = DEFAULT_LEVEL,
    ) -> None:
        self.name, self.level = name, level
        self._encode_floats = encode_floats
        self.layout = find_layout(image) if layout is None else layout
        self.plans = plans_for(self.layout, image, level)
        self._engine = pixel_engine
        self._float_likenesses = {
            likeness
            for likeness, run in largest_runs(self.layout)
            if run.kind is SampleKind.FLOAT and self._floats_win(run, image)
        }

    @property
    def predicted_bytes(self) -> int:
        """How much of the image is predicted."""
        runs = self.layout.runs
        return sum(run.size_bytes for run in runs if self.plans.get(likeness_of(run)) is not None)

    def encode(self, block: Buffer, offset_bytes: int) -> bytes:
        """Encode the bytes of the image that start at `offset_bytes`."""
        view = byte_view(block)
        pieces: list[EncodedSegment] = []
        position = 0
        for stretch in self._stretches(offset_bytes, offset_bytes + len(view)):
            start = stretch.start - offset_bytes
            pieces.extend(blind_segments(view[position:start]))
            position = start + stretch.grid.size_bytes
            pieces.append(self._coded(view[start:position], stretch))
        pieces.extend(blind_segments(view[position:]))
        return join_segments(view, pieces)

    def _stretches(self, start: int, stop: int) -> Iterator[_Stretch]:
        for run in self.layout.runs:
            if run.end_bytes <= start:
                continue
            if run.offset_bytes >= stop:
                return
            plan = self.plans.get(likeness_of(run))
            if plan is not None or self._are_floats(run):
                first, last = max(start, run.offset_bytes), min(stop, run.end_bytes)
                yield from _cut(run, plan, first, last)

    @property
    def float_bytes(self) -> int:
        """How much of the image is coded as floating-point samples."""
        return sum(run.size_bytes for run in self.layout.runs if self._are_floats(run))

    def _are_floats(self, run: PixelRun) -> bool:
        return likeness_of(run) in self._float_likenesses

    def _floats_win(self, run: PixelRun, image: memoryview) -> bool:
        """Try both ways on a few rows of a run of floats."""
        plan = self.plans.get(likeness_of(run))
        if self._encode_floats is None or plan is None:
            return self._encode_floats is not None
        line = min(run.width, _LONGEST_ROW_BYTES // run.pixel_bytes) * run.pixel_bytes
        rows = min(run.size_bytes // line, max(1, _TRIAL_BYTES // line))
        start = run.offset_bytes + (run.size_bytes // line - rows) // 2 * line
        grid = Grid(rows, line // run.pixel_bytes, run.bands, run.sample_bytes)
        piece = image[start : start + grid.size_bytes]
        stretch = _Stretch(start, grid, run, plan)
        floats = self._encode_floats(piece, grid, big_endian=run.big_endian)
        size = sum(memoryview(part).nbytes for part in floats)
        return size < _FLOATS_SHARE * self._predicted(piece, stretch, plan).encoded_bytes

    def _coded(self, data: memoryview, stretch: _Stretch) -> EncodedSegment:
        grid, big_endian = stretch.grid, stretch.run.big_endian
        if self._encode_floats is not None and self._are_floats(stretch.run):
            floats = self._encode_floats(data, grid, big_endian=big_endian)
            piece = EncodedSegment(Kind.FLOATS, len(data), floats)
        elif stretch.plan is not None:
            piece = self._predicted(data, stretch, stretch.plan)
        else:
            return _verbatim(data)
        return piece if piece.encoded_bytes < len(data) else _verbatim(data)

    def _predicted(self, data: memoryview, stretch: _Stretch, plan: Plan) -> EncodedSegment:
        coder, big_endian = self._engine or engine(), stretch.run.big_endian
        pixels = encode_pixels(data, stretch.grid, plan, coder, big_endian=big_endian)
        return EncodedSegment(Kind.PIXELS, len(data), pixels)


class FloatCoding(Protocol):
    """Coding of floating-point samples."""

    def __call__(self, data: memoryview, grid: Grid, *, big_endian: bool) -> tuple[Buffer, ...]:
        """Encode the samples of `data`, which `grid` fills exactly."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Whole rows of a run that become one segment."""

    start: int
    grid: Grid
    run: PixelRun
    plan: Plan | None


def _cut(run: PixelRun, plan: Plan | None, start: int, stop: int) -> Iterator[_Stretch]:
    """Cut a run into segments.

    Rows begin wherever the block does: it matters only that samples a row apart are neighbours.
    """
    pixel = run.pixel_bytes
    start = run.offset_bytes + -(-(start - run.offset_bytes) // pixel) * pixel
    width = min(run.width, _LONGEST_ROW_BYTES // pixel)
    segment = _DENSE_SEGMENT_BYTES if plan is not None and plan.cuts else _SEGMENT_BYTES
    rows = max(1, segment // (width * pixel))
    while stop - start >= width * pixel:
        count = min(rows, (stop - start) // (width * pixel))
        grid = Grid(count, width, run.bands, run.sample_bytes)
        yield _Stretch(start, grid, run, plan)
        start += grid.size_bytes
    if stop - start >= _SMALLEST_TAIL_BYTES:
        grid = Grid(1, (stop - start) // pixel, run.bands, run.sample_bytes)
        yield _Stretch(start, grid, run, plan)


def blind_segments(data: memoryview) -> Iterator[EncodedSegment]:
    """Encode bytes that are no pixels, by zstd or as they are."""
    if not len(data):
        return
    coded = _BLIND.encode(data)
    if len(coded) < len(data):
        yield EncodedSegment(Kind.ZSTD, len(data), (coded,))
    else:
        yield _verbatim(data)


def _verbatim(data: memoryview) -> EncodedSegment:
    return EncodedSegment(Kind.VERBATIM, len(data), (data,))
