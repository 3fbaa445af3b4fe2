"""Which codec an image gets, why, and what every other one would have made of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from wildfire_bench.compression.auto import choose_by_content
from wildfire_bench.compression.codec import Buffer, byte_view, codec_names, decoder, encoder
from wildfire_bench.compression.layouts.pixel_run import PixelRun
from wildfire_bench.errors import EmptyImage

__all__ = ["Alternative", "Explanation", "explain"]

_SAMPLE_BYTES = 8_000_000
_REPETITIONS = 3
_LEVELS: dict[str, tuple[int | None, ...]] = {
    "zstd": (1, 3, 9),
    "gzip": (6,),
    "predictive": (1, 2),
    "unwrap": (1, 2),
}
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one codec makes of the measured part of an image."""

    codec: str
    level: int | None
    used: str
    """Wire name of what codes the blocks; ``stored`` where the codec gives up."""
    encoded_bytes: int
    encode_mb_s: float
    """Megabytes of image a second and thread, best of three."""
    decode_mb_s: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A choice by content, and what it was chosen from."""

    size_bytes: int
    layout: str
    """What told where the pixels are: ``tiff``, ``netcdf``, ``guess`` or ``none``."""
    samples: str
    """The largest run of samples, in words."""
    codec: str
    reason: str
    measured_bytes: int
    """Size of the part from the middle of the image that all codecs were tried on."""
    alternatives: tuple[Alternative, ...]


def explain(image: Buffer) -> Explanation:
    """Say which codec ``auto`` chooses for an image, why, and how all codecs compare on it.

    Raises
    ------
    EmptyImage
        If there are no bytes.
    """
    view = byte_view(image)
    if not len(view):
        msg = "there is nothing to explain: the image has no bytes"
        raise EmptyImage(msg)
    choice = choose_by_content(view)
    start = max(0, (len(view) - _SAMPLE_BYTES) // 2)
    block = view[start : start + _SAMPLE_BYTES]
    return Explanation(
        size_bytes=len(view),
        layout=choice.layout.source,
        samples=_in_words(choice.layout.runs),
        codec=choice.encoder.name,
        reason=choice.reason,
        measured_bytes=len(block),
        alternatives=tuple(
            _measure(name, level, view, block, start)
            for name in codec_names()
            for level in _LEVELS.get(name, (None,))
        ),
    )


def _in_words(runs: tuple[PixelRun, ...]) -> str:
    if not runs:
        return "none found"
    run = max(runs, key=lambda run: run.size_bytes)
    order = "" if run.sample_bytes == 1 else f" {'big' if run.big_endian else 'little'}-endian"
    bands = f"{run.bands} band{'s' if run.bands > 1 else ''}"
    return (
        f"{len(runs)} run{'s' if len(runs) > 1 else ''}; the largest has rows of {run.width:,} "
        f"pixels of {bands}, {8 * run.sample_bytes}-bit {run.kind}{order}"
    )


def _measure(
    name: str, level: int | None, image: memoryview, block: memoryview, offset_bytes: int
) -> Alternative:
    coder = encoder(name, level).for_image(image)
    payload: Buffer = b""
    out = memoryview(bytearray(len(block)))
    encode_s = decode_s = float("inf")
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        payload = coder.encode(block, offset_bytes)
        encoded = time.perf_counter()
        decoder(coder.name).decode_into(payload, out)
        encode_s = min(encode_s, encoded - started)
        decode_s = min(decode_s, time.perf_counter() - encoded)
    size = len(block) / _MB
    return Alternative(
        name, level, coder.name, memoryview(payload).nbytes, size / encode_s, size / decode_s
    )
