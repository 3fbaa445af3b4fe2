"""Other people's codecs on the same pixels, for comparison: nothing is ever sent with them.

They come with imagecodecs (the extra ``rivals``); where it is missing, the benchmark says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from wildfire_bench.bench.codecs.contest import Contestant
from wildfire_bench.compression.layouts.image_layout import PixelRun, find_layout
from wildfire_bench.compression.layouts.pixel_run import SampleKind
from wildfire_bench.compression.segments.pixel_segment import native_samples

__all__ = ["Bands", "Rival", "bands_of", "rival_contestants", "rivals", "why_no_rivals"]

Band: TypeAlias = npt.NDArray[Any]
Bands: TypeAlias = list[Band]
"""The bands of an image, each as rows and columns; the three of a picture together."""

_WORTHWHILE_SHARE = 0.9
"""Share of an image that must lie in one run of pixels for rivals to be compared on it."""
_TAKEN = {(SampleKind.UNSIGNED, 1), (SampleKind.UNSIGNED, 2)}
"""What all rivals can code."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A codec for one band or picture, without loss, in one thread."""

    name: str
    level: int | None
    encode: Callable[[Band], bytes]
    decode: Callable[[bytes, Band], Band]
    """Takes the band that was encoded, for its shape and type."""
    most_repetitions: int | None = None
    """Fewer for what takes many seconds."""


def why_no_rivals() -> str:
    """Say why no rivals are compared, or nothing where they are."""
    if find_spec("imagecodecs") is None:
        return (
            "JPEG XL, JPEG-LS, blosc2, Deflate and LZMA were skipped, since imagecodecs is not "
            "installed: pip install 'wildfire-bench[rivals]'"
        )
    return ""


def bands_of(image: memoryview) -> Bands:
    """Take an image's bands apart; none where rivals cannot code what it holds."""
    runs = find_layout(image).runs
    run = max(runs, key=lambda each: each.size_bytes, default=None)
    if run is None or (run.kind, run.sample_bytes) not in _TAKEN:
        return []
    return _bands(run, image) if run.size_bytes > _WORTHWHILE_SHARE * len(image) else []


def _bands(run: PixelRun, image: memoryview) -> Bands:
    line = run.width * run.pixel_bytes
    rows = run.size_bytes // line
    data = image[run.offset_bytes : run.offset_bytes + rows * line]
    samples = native_samples(data, run.sample_bytes, big_endian=run.big_endian)
    pixels = samples.reshape(rows, run.width, run.bands)
    if (run.bands, run.sample_bytes) == (3, 1):
        return [pixels]
    return [np.ascontiguousarray(pixels[..., band]) for band in range(run.bands)]


def rival_contestants(image: memoryview) -> list[Contestant[Bands]]:
    """Set all rivals on an image's pixels; none where they cannot code what it holds.

    Taking the bands apart, which ours do themselves, is part of no rival's time, and the bytes
    around the pixels are part of no rival's size.
    """
    bands = bands_of(image)
    return [_contestant(rival, bands) for rival in rivals()] if bands else []


def _contestant(rival: Rival, bands: Bands) -> Contestant[Bands]:
    return Contestant(
        rival.name,
        rival.level,
        sum(band.nbytes for band in bands),
        encode=lambda: [rival.encode(band) for band in bands],
        room=list,
        decode=lambda payload, out: out.extend(
            rival.decode(bytes(part), band) for part, band in zip(payload, bands, strict=True)
        ),
        is_exact=lambda decoded: (
            len(decoded) == len(bands) and all(map(np.array_equal, decoded, bands))
        ),
        most_repetitions=rival.most_repetitions,
    )


def rivals() -> list[Rival]:
    """Give all rivals; imagecodecs must be installed."""
    import imagecodecs as ic

    def plain(flat: Any, like: Band) -> Band:
        return np.frombuffer(flat, like.dtype).reshape(like.shape)

    def differenced(band: Band) -> bytes:
        return bytes(np.asarray(ic.delta_encode(band, axis=1)).tobytes())

    def summed(flat: Any, like: Band) -> Band:
        return np.asarray(ic.delta_decode(plain(flat, like), axis=1))

    def jpeg_xl(effort: int) -> Rival:
        return Rival(
            "jpeg-xl",
            effort,
            lambda b: bytes(ic.jpegxl_encode(b, lossless=True, effort=effort, numthreads=1)),
            lambda p, _: np.asarray(ic.jpegxl_decode(p, numthreads=1)),
        )

    bits_shuffled: Any = {"compressor": "zstd", "shuffle": "bitshuffle", "numthreads": 1}
    return [
        jpeg_xl(1),
        jpeg_xl(3),
        Rival(
            "jpeg-ls",
            None,
            lambda b: bytes(ic.jpegls_encode(b)),
            lambda p, _: np.asarray(ic.jpegls_decode(p)),
        ),
        Rival(
            "blosc2",
            1,
            lambda b: bytes(ic.blosc2_encode(cast("Any", b), level=1, **bits_shuffled)),
            lambda p, like: plain(ic.blosc2_decode(p, numthreads=1), like),
        ),
        # As in a TIFF with predictor 2: the bytes are those of differences along rows.
        Rival(
            "deflate",
            6,
            lambda b: bytes(ic.deflate_encode(differenced(b), level=6)),
            lambda p, like: summed(ic.deflate_decode(p, out=like.nbytes), like),
        ),
        Rival(
            "lzma",
            1,
            lambda b: bytes(ic.lzma_encode(differenced(b), level=1)),
            lambda p, like: summed(ic.lzma_decode(p, out=like.nbytes), like),
            most_repetitions=3,
        ),
    ]
