"""Zstandard: one frame with its content size for each block, as any zstd tool reads it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import zstandard

from wildfire_bench.compression.codec import (
    BlindEncoder,
    Buffer,
    ImageEncoder,
    byte_view,
)
from wildfire_bench.compression.incompressible import looks_incompressible
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.errors import CorruptPayload, SettingsError

__all__ = [
    "DEFAULT_LEVEL",
    "MAX_LEVEL",
    "MIN_LEVEL",
    "ZstdCodec",
    "decompress_frame",
    "will_not_shrink",
]

MIN_LEVEL = -7
MAX_LEVEL = 22
DEFAULT_LEVEL = 3

_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_RLE = 1
_SPARE_BLOCKS = 64
_SMALLEST_MEAN_BLOCK_BYTES = 512
"""Frames of more blocks than one for each such piece of the content are refused: no encoder writes
them, and walking over millions of empty blocks would take seconds."""


class _Contexts(threading.local):
    """Compressors by level and a decompressor for each thread; zstandard's are not thread-safe."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor()

    def compressor(self, level: int) -> zstandard.ZstdCompressor:
        if level not in self.compressors:
            self.compressors[level] = zstandard.ZstdCompressor(level=level)
        return self.compressors[level]


_contexts = _Contexts()


@dataclass(frozen=True, slots=True)
class ZstdCodec:
    """One Zstandard frame (RFC 8878) with its content size, no checksum and no dictionary.

    The checksum is left out since every block travels with its digest.
    """

    level: int = DEFAULT_LEVEL
    name: str = "zstd"

    @classmethod
    def at_level(cls, level: int | None) -> ZstdCodec:
        """Make an encoder for a level, None for the default."""
        chosen = DEFAULT_LEVEL if level is None else level
        if not MIN_LEVEL <= chosen <= MAX_LEVEL or chosen == 0:
            msg = f"zstd level {chosen} is out of range: choose 1..{MAX_LEVEL} or {MIN_LEVEL}..-1"
            raise SettingsError(msg)
        return cls(chosen)

    def encode(self, block: Buffer) -> bytes:
        """Encode one block."""
        return _contexts.compressor(self.level).compress(byte_view(block))

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Make an encoder for the blocks of an image; one that would not shrink is stored."""
        return BlindEncoder(StoredCodec() if will_not_shrink(image) else self)

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Decompress exactly one frame into `out`; see `Decoder.decode_into`."""
        decompress_frame(byte_view(payload), out)


def will_not_shrink(image: Buffer) -> bool:
    """Tell whether zstd would gain nothing on an image, in a twentieth of its time or less."""
    return looks_incompressible(image, _contexts.compressor(1).compress)


def decompress_frame(frame: memoryview, out: memoryview) -> None:
    """Decompress exactly one frame straight into `out`.

    Raises
    ------
    CorruptPayload
        If `frame` is not exactly one frame whose content size is the length of `out`. All of that
        is known from its headers, before anything is decompressed or allocated.
    """
    try:
        _check_frame(frame, len(out))
        # With the whole frame at hand and room for all of its content, libzstd decompresses in
        # one pass to the destination and allocates no window, whatever size the header claims.
        with _contexts.decompressor.stream_reader(frame, closefd=False) as reader:
            filled = reader.readinto(out) if len(out) else len(reader.read(1))
    except zstandard.ZstdError as error:
        msg = f"zstd payload of {len(frame):,} bytes cannot be decompressed: {error}"
        raise CorruptPayload(msg) from error
    if filled != len(out):
        msg = f"zstd payload ends after {filled:,} of {len(out):,} bytes"
        raise CorruptPayload(msg)


def _check_frame(frame: memoryview, size_bytes: int) -> None:
    if frame[:4] != zstandard.FRAME_HEADER:
        msg = f"zstd payload of {len(frame):,} bytes does not begin with a frame"
        raise CorruptPayload(msg)
    header = zstandard.get_frame_parameters(frame)
    if header.content_size != size_bytes:
        claimed = (
            "no content size"
            if header.content_size == zstandard.CONTENTSIZE_UNKNOWN
            else f"a content size of {header.content_size:,} bytes"
        )
        msg = f"zstd frame states {claimed}, {size_bytes:,} bytes were announced"
        raise CorruptPayload(msg)
    if header.dict_id:
        msg = f"zstd frame needs dictionary {header.dict_id}; payloads never use one"
        raise CorruptPayload(msg)
    end = _end_of_blocks(frame, zstandard.frame_header_size(frame), size_bytes)
    end += _CHECKSUM_BYTES if header.has_checksum else 0
    if end != len(frame):
        msg = f"zstd frame is {end:,} bytes long, its payload {len(frame):,}"
        raise CorruptPayload(msg)


def _end_of_blocks(frame: memoryview, position: int, size_bytes: int) -> int:
    """Walk over the block headers (RFC 8878, section 3.1.1.2), touching no content."""
    for _ in range(_SPARE_BLOCKS + size_bytes // _SMALLEST_MEAN_BLOCK_BYTES):
        header = int.from_bytes(frame[position : position + _BLOCK_HEADER_BYTES], "little")
        is_last, kind, length = header & 1, header >> 1 & 3, header >> 3
        position += _BLOCK_HEADER_BYTES + (1 if kind == _RLE else length)
        if position > len(frame):
            msg = f"zstd frame is cut off: it needs {position:,} bytes, {len(frame):,} are there"
            raise CorruptPayload(msg)
        if is_last:
            return position
    msg = f"zstd frame of {size_bytes:,} bytes has an absurd number of blocks"
    raise CorruptPayload(msg)
