"""What sending the payload of an image came to."""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.compression.codec import ImageEncoder
from wildfire_bench.streaming.model import ObjectLocation, RecordPlace
from wildfire_bench.streaming.routing import Decision

__all__ = ["Sent", "sent_by"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending a payload came to, once it was acknowledged."""

    decision: Decision
    codec: str
    level: int | None
    location: tuple[RecordPlace, ...] | ObjectLocation
    encoded_bytes: int
    wire_bytes: int
    encode_s: float
    codec_reason: str | None = None

    @property
    def dataref(self) -> str | None:
        """Where the object of a reference lies."""
        return self.location.uri if isinstance(self.location, ObjectLocation) else None


def sent_by(
    encoder: ImageEncoder,
    decision: Decision,
    location: tuple[RecordPlace, ...] | ObjectLocation,
    *,
    encoded_bytes: int,
    wire_bytes: int,
    encode_s: float,
) -> Sent:
    """Say what became of a payload that `encoder` encoded."""
    # Of those that `auto` makes; to import their class here would need zstandard.
    reason: str | None = getattr(encoder, "reason", None)
    return Sent(
        decision=decision,
        codec=encoder.name,
        level=encoder.level,
        location=location,
        encoded_bytes=encoded_bytes,
        wire_bytes=wire_bytes,
        encode_s=encode_s,
        codec_reason=reason,
    )
