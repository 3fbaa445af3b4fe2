"""All codecs on real scenes: sizes and speeds of one run, one thread, every byte checked."""

from __future__ import annotations

import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from wildfire_bench.bench.codecs.contest import CodecMeasurement, Contestant
from wildfire_bench.bench.codecs.rivals import rival_contestants, why_no_rivals
from wildfire_bench.compression import codec_names, decoder, encoder
from wildfire_bench.compression.codec import Buffer, ImageEncoder
from wildfire_bench.compression.pixel_loops import engine
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.samples import sample, sample_names

__all__ = [
    "CodecBenchmark",
    "CodecMeasurement",
    "NameAndLevel",
    "ThreadMeasurement",
    "measure_codecs",
]

MIN_REPETITIONS = 3
DEFAULT_REPETITIONS = 7
_BLOCK_BYTES = 5_000_000
"""Cut like the guide's chunks for the measurement with two threads."""
_FEWEST_BLOCKS = 4
"""Of fewer, one thread would be left without work."""
_LEVELS: dict[str, tuple[int | None, ...]] = {
    "zstd": (1, 3, 6),
    "gzip": (6,),
    "predictive": (1, 2),
}
_PACKAGES = ("numpy", "zstandard", "numba", "pcodec", "imagecodecs")
_MB = 1_000_000

NameAndLevel: TypeAlias = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class ThreadMeasurement:
    """How much faster two threads are than one, on blocks of 5 MB."""

    scene: str
    codec: str
    level: int | None
    encode_gain: float
    """Median of the repetitions, each of one thread and then of two."""
    decode_gain: float
    encode_gains: tuple[float, ...]
    decode_gains: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CodecBenchmark:
    """All measurements of one run."""

    cpu: str
    python: str
    packages: dict[str, str]
    pixel_engine: str
    engine_s: float
    """Compiling the pixel loops, or loading them from the cache; part of no speed."""
    repetitions: int
    measurements: tuple[CodecMeasurement, ...]
    threads: tuple[ThreadMeasurement, ...]
    rivals: tuple[CodecMeasurement, ...] = ()
    """Other people's codecs on the pixels of the same scenes, in the same run."""
    rivals_skipped: str = ""
    """Why there are none."""

    def ratios(self, codec: NameAndLevel, baseline: NameAndLevel) -> dict[str, dict[str, float]]:
        """Compare a codec to another: size, encode and decode speed as shares, by scene."""
        mine, base = (
            {m.scene: m for m in (*self.measurements, *self.rivals) if (m.codec, m.level) == wanted}
            for wanted in (codec, baseline)
        )
        return {
            scene: {
                "size": mine[scene].share / base[scene].share,
                "encode": mine[scene].encode_mb_s / base[scene].encode_mb_s,
                "decode": mine[scene].decode_mb_s / base[scene].decode_mb_s,
            }
            for scene in mine.keys() & base.keys()
        }


def measure_codecs(
    scenes: Sequence[str] | None = None,
    repetitions: int = DEFAULT_REPETITIONS,
    *,
    max_bytes: int | None = None,
    with_rivals: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> CodecBenchmark:
    """Measure every codec on real scenes, codecs taking turns in each repetition.

    Parameters
    ----------
    scenes
        Names of samples; None for all.
    repetitions
        Of each measurement, after one that warms up; at least 3. Rivals that take many seconds
        have 3.
    max_bytes
        Cut longer scenes off there.
    with_rivals
        Whether to measure other people's codecs beside ours, where they are installed.
    progress
        Called with a line for each scene.

    Raises
    ------
    InvalidParameter
        If a scene is unknown or there are too few repetitions.
    BenchmarkError
        If a codec does not give the scene back.
    """
    if repetitions < MIN_REPETITIONS:
        msg = f"{repetitions} repetitions are too few for a median: ask for {MIN_REPETITIONS}"
        raise InvalidParameter(msg)
    started = time.perf_counter()
    chosen = engine().name
    engine_s = time.perf_counter() - started
    skipped = why_no_rivals() if with_rivals else "rivals were left out, as was asked for"
    measured = []
    for scene in scenes or sample_names():
        progress(scene)
        image = sample(scene).data[:max_bytes]
        measured.append(_measure_scene(scene, image, repetitions, with_rivals=not skipped))
    return CodecBenchmark(
        cpu=_cpu(),
        python=platform.python_version(),
        packages={name: _version(name) for name in _PACKAGES},
        pixel_engine=chosen,
        engine_s=engine_s,
        repetitions=repetitions,
        measurements=tuple(chain.from_iterable(each.ours for each in measured)),
        threads=tuple(chain.from_iterable(each.threads for each in measured)),
        rivals=tuple(chain.from_iterable(each.rivals for each in measured)),
        rivals_skipped=skipped,
    )


class _Measured(NamedTuple):
    """What came of one scene."""

    ours: list[CodecMeasurement]
    rivals: list[CodecMeasurement]
    threads: list[ThreadMeasurement]


def _measure_scene(
    scene: str, image: memoryview, repetitions: int, *, with_rivals: bool
) -> _Measured:
    ours = [_Ours(name, level, image) for name in codec_names() for level in _levels(name)]
    others: list[Contestant[Any]] = rival_contestants(image) if with_rivals else []
    for _ in range(repetitions + 1):
        for contestant in (*(each.contestant for each in ours), *others):
            contestant.run()
    is_long = len(image) >= _FEWEST_BLOCKS * _BLOCK_BYTES
    return _Measured(
        [each.result(scene) for each in ours],
        [other.result(scene) for other in others],
        [
            _measure_threads(scene, each.coder, image, repetitions)
            for each in ours
            if is_long and each.name == each.coder.name == "predictive"
        ],
    )


class _Ours:
    """One of our codecs on a whole scene."""

    def __init__(self, name: str, level: int | None, image: memoryview) -> None:
        started = time.perf_counter()
        self.coder = coder = encoder(name, level).for_image(image)
        self._look_s = time.perf_counter() - started
        self._image = image
        self.name = name
        self.contestant: Contestant[Any] = Contestant(
            name,
            level,
            len(image),
            encode=lambda: [coder.encode(image, 0)],
            room=lambda: memoryview(bytearray(len(image))),
            decode=lambda payload, out: decoder(coder.name).decode_into(payload[0], out),
            is_exact=lambda decoded: decoded == image,
        )

    def result(self, scene: str) -> CodecMeasurement:
        return self.contestant.result(
            scene,
            used=self.coder.name,
            look_s=self._look_s,
            peak_bytes=_peak_bytes(self.coder, self._image),
        )


def _levels(name: str) -> tuple[int | None, ...]:
    return _LEVELS.get(name, (None,))


def _peak_bytes(coder: ImageEncoder, image: memoryview) -> int:
    tracemalloc.start()
    try:
        coder.encode(image, 0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _measure_threads(
    scene: str, coder: ImageEncoder, image: memoryview, repetitions: int
) -> ThreadMeasurement:
    offsets = range(0, len(image) // _BLOCK_BYTES * _BLOCK_BYTES, _BLOCK_BYTES)
    blocks = [image[offset : offset + _BLOCK_BYTES] for offset in offsets]
    payloads: list[Buffer] = [coder.encode(b, o) for b, o in zip(blocks, offsets, strict=True)]
    out = memoryview(bytearray(len(image)))
    rooms = [out[offset : offset + _BLOCK_BYTES] for offset in offsets]
    encode: dict[int, list[float]] = {1: [], 2: []}
    decode: dict[int, list[float]] = {1: [], 2: []}
    pools = {count: ThreadPoolExecutor(count) for count in encode}
    try:
        for _ in range(repetitions):
            for count, pool in pools.items():
                started = time.perf_counter()
                list(pool.map(coder.encode, blocks, offsets))
                encoded = time.perf_counter()
                list(pool.map(decoder(coder.name).decode_into, payloads, rooms))
                decode[count].append(time.perf_counter() - encoded)
                encode[count].append(encoded - started)
    finally:
        for pool in pools.values():
            pool.shutdown()
    encode_gains, decode_gains = _gains(encode), _gains(decode)
    return ThreadMeasurement(
        scene,
        coder.name,
        coder.level,
        statistics.median(encode_gains),
        statistics.median(decode_gains),
        encode_gains,
        decode_gains,
    )


def _gains(seconds: dict[int, list[float]]) -> tuple[float, ...]:
    return tuple(one / two for one, two in zip(seconds[1], seconds[2], strict=True))


def _cpu() -> str:
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
