"""The codec chosen by what an image holds: ``codec: auto`` in the matrix."""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.compression.codec import Buffer, ImageEncoder, byte_view, codec_names, encoder
from wildfire_bench.compression.layouts.image_layout import ImageLayout, find_layout
from wildfire_bench.compression.layouts.pixel_run import SampleKind
from wildfire_bench.compression.plans.run_plans import DEFAULT_LEVEL, known_level
from wildfire_bench.compression.predictive import PredictiveCodec, PredictiveEncoder
from wildfire_bench.compression.zstd import will_not_shrink

__all__ = ["AutoCodec", "Choice", "ChosenEncoder", "choose_by_content"]

_WORTHWHILE_SHARE = 0.5
"""Share of an image that must be pixels for a pixel-aware codec to be chosen."""
_BLIND_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A codec for an image, and why."""

    encoder: ImageEncoder
    reason: str
    layout: ImageLayout


def choose_by_content(image: Buffer, level: int = DEFAULT_LEVEL) -> Choice:
    """Choose a codec by looking at the layout and a few windows of an image.

    Parameters
    ----------
    image
        All of it. A few milliseconds whatever its size.
    level
        At which pixels are predicted.

    Returns
    -------
    Choice
        ``stored`` for what will not shrink, ``unwrap`` for LZW TIFFs, ``float`` or
        ``predictive`` where most of the image is pixels that gain by it, else zstd.
    """
    view = byte_view(image)
    layout = find_layout(view)
    if layout.source == "tiff" and not layout.runs and "unwrap" in codec_names():
        coder = encoder("unwrap", level).for_image(view)
        if coder.name == "unwrap":
            return Choice(
                coder, "it is a TIFF whose LZW hides pixels that neighbours predict", layout
            )
    if will_not_shrink(view):
        reason = "samples of it do not shrink: it is compressed already"
        if not layout.runs:
            return Choice(encoder("stored").for_image(view), reason, layout)
    total = max(1, len(view))
    has_floats = any(run.kind is SampleKind.FLOAT for run in layout.runs)
    if has_floats and "float" in codec_names():
        coder = encoder("float").for_image(view)
        floats = coder.float_bytes if isinstance(coder, PredictiveEncoder) else 0
        if floats > _WORTHWHILE_SHARE * total:
            reason = f"{floats / total:.0%} of it are floating-point samples ({layout.source})"
            return Choice(coder, reason, layout)
    predictive = PredictiveEncoder(view, layout, level=level)
    if predictive.predicted_bytes > _WORTHWHILE_SHARE * total:
        share = predictive.predicted_bytes / total
        reason = f"{share:.0%} of it are pixels that neighbours predict ({layout.source})"
        return Choice(predictive, reason, layout)
    reason = "no pixels were found that neighbours predict better than zstd does"
    return Choice(encoder("zstd", _BLIND_LEVEL).for_image(view), reason, layout)


@dataclass(frozen=True, slots=True)
class ChosenEncoder:
    """An encoder that was chosen for an image, and why."""

    encoder: ImageEncoder
    reason: str

    @property
    def name(self) -> str:
        """Wire name of the codec that decodes the blocks."""
        return self.encoder.name

    @property
    def level(self) -> int | None:
        """Level it encodes with, None where it has none."""
        return self.encoder.level

    def encode(self, block: Buffer, offset_bytes: int) -> Buffer:
        """Encode a block; see `ImageEncoder.encode`."""
        return self.encoder.encode(block, offset_bytes)


@dataclass(frozen=True, slots=True)
class AutoCodec:
    """Chooses for each image; a block that stands alone is coded by codec predictive."""

    level: int = DEFAULT_LEVEL
    name: str = "predictive"

    @classmethod
    def at_level(cls, level: int | None) -> AutoCodec:
        """Make an encoder that predicts pixels at a level, None for the default."""
        return cls(known_level(level))

    def encode(self, block: Buffer) -> bytes:
        """Encode one block that stands alone."""
        return PredictiveCodec(self.level).encode(block)

    def for_image(self, image: Buffer) -> ChosenEncoder:
        """Choose by what the image holds; see `choose_by_content`."""
        choice = choose_by_content(image, self.level)
        return ChosenEncoder(choice.encoder, choice.reason)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Decode what `encode` made; see `Decoder.decode_into`."""
        PredictiveCodec().decode_into(payload, out)
