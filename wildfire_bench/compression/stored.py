"""The codec that leaves bytes as they are: for alerts, and for what does not shrink."""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.compression.codec import (
    BlindEncoder,
    Buffer,
    ImageEncoder,
    byte_view,
)
from wildfire_bench.errors import CorruptPayload, SettingsError

__all__ = ["StoredCodec"]


@dataclass(frozen=True, slots=True)
class StoredCodec:
    """Payloads are the blocks themselves: the guide's ``none``."""

    name: str = "stored"
    level: int | None = None

    @classmethod
    def at_level(cls, level: int | None) -> StoredCodec:
        """Make an encoder for a level, None for the default."""
        if level is not None:
            msg = f"codec stored has no levels, but level {level} was asked for: leave it out"
            raise SettingsError(msg)
        return cls()

    def encode(self, block: Buffer) -> Buffer:
        """Give `block` back."""
        return block

    def for_image(self, image: Buffer) -> ImageEncoder:  # noqa: ARG002 - all images are alike
        """Make an encoder that gives every block back."""
        return BlindEncoder(self)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Copy `payload` to `out`; see `Decoder.decode_into`."""
        source = byte_view(payload)
        if len(source) != len(out):
            msg = f"stored payload has {len(source):,} bytes, {len(out):,} were announced"
            raise CorruptPayload(msg)
        out[:] = source
