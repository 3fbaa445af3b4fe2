"""The container of the pixel-aware codecs: a block as a row of segments (docs/codec-format.md)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from wildfire_bench.compression.codec import Buffer, byte_view
from wildfire_bench.errors import CorruptPayload

__all__ = ["MAX_OVERHEAD_BYTES", "EncodedSegment", "Kind", "Segment", "join_segments", "segments"]

_MAGIC = b"WFP1"
_HEADER = struct.Struct("<4sQI")
_SEGMENT = struct.Struct("<BxxxII")

MAX_OVERHEAD_BYTES = _HEADER.size + _SEGMENT.size
"""By how much a payload may exceed its block."""

_MAX_SEGMENT_BYTES = (1 << 32) - 1
_SPARE_SEGMENTS = 64
_SMALLEST_MEAN_SEGMENT_BYTES = 4096
"""More segments than one for each such piece are refused, so that decoding cannot be slowed down
by swarms of tiny ones."""


class Kind(IntEnum):
    """How a segment is encoded."""

    VERBATIM = 0
    ZSTD = 1
    PIXELS = 2
    FLOATS = 3
    LZW = 4


@dataclass(frozen=True, slots=True)
class EncodedSegment:
    """A segment on its way into a payload."""

    kind: Kind
    size_bytes: int
    """Decoded size."""
    parts: tuple[Buffer, ...]
    """The encoded bytes, in pieces."""

    @property
    def encoded_bytes(self) -> int:
        """Encoded size, header excluded."""
        return sum(memoryview(part).nbytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment found in a payload."""

    kind: Kind
    body: memoryview
    start: int
    """Where its decoded bytes begin in the block."""
    stop: int


def join_segments(block: memoryview, pieces: Sequence[EncodedSegment]) -> bytes:
    """Build the payload of `block`, never more than `MAX_OVERHEAD_BYTES` longer than it."""
    encoded = sum(piece.encoded_bytes + _SEGMENT.size for piece in pieces)
    if (len(block) and encoded >= len(block)) or len(pieces) > _most_segments(len(block)):
        pieces = list(_verbatim(block))
    parts: list[Buffer] = [_HEADER.pack(_MAGIC, len(block), len(pieces))]
    for piece in pieces:
        parts.append(_SEGMENT.pack(piece.kind, piece.size_bytes, piece.encoded_bytes))
        parts.extend(piece.parts)
    return b"".join(parts)


def segments(payload: Buffer, size_bytes: int) -> list[Segment]:
    """Find the segments of a payload.

    Raises
    ------
    CorruptPayload
        If they do not fill the payload exactly, or do not decode to `size_bytes` in sum.
    """
    source = byte_view(payload)
    if len(source) < _HEADER.size or source[:4] != _MAGIC:
        msg = f"payload of {len(source):,} bytes does not begin with {_MAGIC!r}"
        raise CorruptPayload(msg)
    _, stated, count = _HEADER.unpack_from(source)
    if stated != size_bytes:
        msg = f"payload states {stated:,} bytes, {size_bytes:,} were announced"
        raise CorruptPayload(msg)
    if count > _most_segments(size_bytes):
        msg = f"payload of {size_bytes:,} bytes claims an absurd {count:,} segments"
        raise CorruptPayload(msg)
    found = list(_walk(source, count))
    end = found[-1].stop if found else 0
    if end != size_bytes:
        msg = f"segments decode to {end:,} of {size_bytes:,} bytes"
        raise CorruptPayload(msg)
    return found


def _walk(source: memoryview, count: int) -> Iterable[Segment]:
    position, start = _HEADER.size, 0
    for _ in range(count):
        if position + _SEGMENT.size > len(source):
            msg = f"payload of {len(source):,} bytes is cut off in a segment header"
            raise CorruptPayload(msg)
        code, decoded, encoded = _SEGMENT.unpack_from(source, position)
        position += _SEGMENT.size
        if code not in Kind.__members__.values() or not decoded:
            msg = f"segment of kind {code} and {decoded} bytes is unknown or empty"
            raise CorruptPayload(msg)
        if any(source[position - 11 : position - 8]):
            msg = "reserved bytes of a segment header are set"
            raise CorruptPayload(msg)
        if position + encoded > len(source):
            msg = f"payload of {len(source):,} bytes is cut off in a segment"
            raise CorruptPayload(msg)
        body = source[position : position + encoded]
        yield Segment(Kind(code), body, start, start + decoded)
        position, start = position + encoded, start + decoded
    if position != len(source):
        msg = f"payload has {len(source) - position:,} bytes after its last segment"
        raise CorruptPayload(msg)


def _verbatim(block: memoryview) -> Iterator[EncodedSegment]:
    for start in range(0, len(block), _MAX_SEGMENT_BYTES):
        piece = block[start : start + _MAX_SEGMENT_BYTES]
        yield EncodedSegment(Kind.VERBATIM, len(piece), (piece,))


def _most_segments(size_bytes: int) -> int:
    return _SPARE_SEGMENTS + size_bytes // _SMALLEST_MEAN_SEGMENT_BYTES
