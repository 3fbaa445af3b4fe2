"""Where the milliseconds of an image in chunks go: stages in turn, and what overlaps them.

The stages are those that the library itself tells, on the receipt and on the received image; what
they leave of the latency is the time until the first chunk is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median

__all__ = ["STAGES", "ImageStages", "median_stages", "stages_of"]

STAGES: dict[str, str] = {
    "identify_ms": "identify: read the image once, its digest and id",
    "first_chunk_ms": "first chunk: encoded, through the broker, received",
    "assemble_ms": "the other chunks come; all are decoded, each and the whole are checked",
    "hand_over_ms": "hand over: delivery noted durably, into the caller's hands",
    "encode_ms": "beside that: encoding, summed over chunks",
    "decode_ms": "beside that: decoding and checking of chunks, summed over chunks",
    "catalogue_ms": "beside that: catalogue entry, until it is acknowledged",
}
"""What each figure is; the first four add up to the latency."""


@dataclass(frozen=True, slots=True)
class ImageStages:
    """Milliseconds of one image; see `STAGES`."""

    identify_ms: float
    first_chunk_ms: float
    assemble_ms: float
    hand_over_ms: float
    encode_ms: float
    decode_ms: float
    catalogue_ms: float


def stages_of(
    latency_ms: float, sent: Mapping[str, float], received: Mapping[str, float]
) -> ImageStages:
    """Take a latency apart.

    Parameters
    ----------
    latency_ms
        From the start of the send to the image in the caller's hands.
    sent, received
        Seconds per stage: a receipt's and a received image's.
    """
    identify_ms = sent["identify"] * 1e3
    assemble_ms = received["assemble"] * 1e3
    hand_over_ms = received["hand_over"] * 1e3
    return ImageStages(
        identify_ms=identify_ms,
        first_chunk_ms=latency_ms - identify_ms - assemble_ms - hand_over_ms,
        assemble_ms=assemble_ms,
        hand_over_ms=hand_over_ms,
        encode_ms=sent["encode"] * 1e3,
        decode_ms=received["decode"] * 1e3,
        catalogue_ms=sent["catalogue"] * 1e3,
    )


def median_stages(images: Sequence[ImageStages]) -> dict[str, float]:
    """The median of each figure, which need not add up any more; of no image, nothing."""
    if not images:
        return {}
    return {
        field.name: median(getattr(image, field.name) for image in images)
        for field in fields(ImageStages)
    }
