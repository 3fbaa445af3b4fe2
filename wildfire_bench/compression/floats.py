"""The codec for floating-point rasters: pcodec for their samples, the rest as in predictive."""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.compression.codec import Buffer, ImageEncoder, byte_view
from wildfire_bench.compression.layouts.image_layout import find_layout
from wildfire_bench.compression.predictive import PredictiveEncoder, decode_segment
from wildfire_bench.compression.segments.container import Kind, segments
from wildfire_bench.compression.segments.float_segment import decode_floats, encode_floats
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.compression.zstd import will_not_shrink
from wildfire_bench.errors import SettingsError

__all__ = ["FloatCodec"]


@dataclass(frozen=True, slots=True)
class FloatCodec:
    """Segments of floats by pcodec, all others as codec predictive has them."""

    level: int | None = None
    name: str = "float"

    @classmethod
    def at_level(cls, level: int | None) -> FloatCodec:
        """Make an encoder; it has no levels."""
        if level is not None:
            msg = f"codec float has no levels, but level {level} was asked for: leave it out"
            raise SettingsError(msg)
        return cls()

    def encode(self, block: Buffer) -> bytes:
        """Encode one block as if it were an image of its own."""
        return self._encoder(byte_view(block)).encode(block, 0)

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Find the samples of an image; an image that would not shrink is stored."""
        coder = self._encoder(byte_view(image))
        if not coder.layout.runs and will_not_shrink(image):
            return StoredCodec().for_image(image)
        return coder

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Decode segment by segment into `out`; see `Decoder.decode_into`."""
        for segment in segments(payload, len(out)):
            room = out[segment.start : segment.stop]
            if segment.kind is Kind.FLOATS:
                decode_floats(segment.body, room)
            else:
                decode_segment(segment, room)

    def _encoder(self, image: memoryview) -> PredictiveEncoder:
        return PredictiveEncoder(
            image,
            find_layout(image),
            name=self.name,
            encode_floats=encode_floats,
            level=self.level,
        )
