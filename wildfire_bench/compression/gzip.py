"""gzip, for readers that know nothing else and for rolling back (guide, section 9)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from wildfire_bench.compression.codec import (
    BlindEncoder,
    Buffer,
    ImageEncoder,
    byte_view,
)
from wildfire_bench.compression.incompressible import looks_incompressible
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.errors import CorruptPayload, SettingsError

__all__ = ["DEFAULT_LEVEL", "MAX_LEVEL", "MIN_LEVEL", "GzipCodec"]

MIN_LEVEL = 1
MAX_LEVEL = 9
DEFAULT_LEVEL = 6

_GZIP_WRAPPER = 31
"""zlib's ``wbits`` for the largest window inside a gzip member."""
_SMALLEST_MEMBER_BYTES = 20
"""Header 10, an empty deflate block 2, trailer 8 (RFC 1952)."""
_STEP_BYTES = 1 << 20
"""Most bytes that inflating holds beside the destination."""


@dataclass(frozen=True, slots=True)
class GzipCodec:
    """One gzip member (RFC 1952) for each block, without name or time stamp.

    Equal blocks give equal payloads: zlib leaves the time stamp at zero.
    """

    level: int = DEFAULT_LEVEL
    name: str = "gzip"

    @classmethod
    def at_level(cls, level: int | None) -> GzipCodec:
        """Make an encoder for a level, None for the default."""
        chosen = DEFAULT_LEVEL if level is None else level
        if not MIN_LEVEL <= chosen <= MAX_LEVEL:
            msg = f"gzip level {chosen} is out of range: choose {MIN_LEVEL} to {MAX_LEVEL}"
            raise SettingsError(msg)
        return cls(chosen)

    def encode(self, block: Buffer) -> bytes:
        """Encode one block."""
        return zlib.compress(block, self.level, _GZIP_WRAPPER)

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Make an encoder for the blocks of an image; one that would not shrink is stored."""
        will_not_shrink = looks_incompressible(image, GzipCodec(MIN_LEVEL).encode)
        return BlindEncoder(StoredCodec() if will_not_shrink else self)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Inflate exactly one member into `out`; see `Decoder.decode_into`."""
        source = byte_view(payload)
        _check_announced_size(source, len(out))
        try:
            _inflate(source, out)
        except zlib.error as error:
            msg = f"gzip payload of {len(source):,} bytes cannot be inflated: {error}"
            raise CorruptPayload(msg) from error


def _check_announced_size(source: memoryview, size_bytes: int) -> None:
    if len(source) < _SMALLEST_MEMBER_BYTES:
        msg = f"gzip payload of {len(source)} bytes is shorter than any member"
        raise CorruptPayload(msg)
    announced = int.from_bytes(source[-4:], "little")
    if announced != size_bytes % (1 << 32):
        msg = f"gzip member holds {announced:,} bytes (mod 2**32), {size_bytes:,} were announced"
        raise CorruptPayload(msg)


def _inflate(source: memoryview, out: memoryview) -> None:
    inflater = zlib.decompressobj(_GZIP_WRAPPER)
    filled = 0
    for start in range(0, len(source), _STEP_BYTES):
        pending: Buffer = source[start : start + _STEP_BYTES]
        while memoryview(pending):
            # Room for one byte too many, so that an overlong member is seen before it is inflated.
            room = min(_STEP_BYTES, len(out) - filled + 1)
            piece = inflater.decompress(pending, room)
            if filled + len(piece) > len(out):
                msg = f"gzip payload inflates to more than the {len(out):,} bytes announced"
                raise CorruptPayload(msg)
            out[filled : filled + len(piece)] = piece
            filled += len(piece)
            pending = inflater.unconsumed_tail
        if inflater.eof and (inflater.unused_data or start + _STEP_BYTES < len(source)):
            msg = "gzip payload has bytes after the end of its member"
            raise CorruptPayload(msg)
    if not inflater.eof or filled != len(out):
        msg = f"gzip payload ends after {filled:,} of {len(out):,} bytes"
        raise CorruptPayload(msg)
