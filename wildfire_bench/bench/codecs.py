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

from wildfire_bench.compression import codec_names, decoder, encoder
from wildfire_bench.compression.codec import Buffer, ImageEncoder
from wildfire_bench.compression.pixel_loops import engine
from wildfire_bench.errors import BenchmarkError, InvalidParameter
from wildfire_bench.samples import sample, sample_names

__all__ = ["CodecBenchmark", "CodecMeasurement", "ThreadMeasurement", "measure_codecs"]

MIN_REPETITIONS = 3
DEFAULT_REPETITIONS = 7
_BLOCK_BYTES = 5_000_000
"""Cut like the guide's chunks for the measurement with two threads."""
_LEVELS: dict[str, tuple[int | None, ...]] = {"zstd": (1, 3, 6), "gzip": (6,)}
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class CodecMeasurement:
    """One codec on one scene: medians of the repetitions."""

    scene: str
    codec: str
    level: int | None
    used: str
    """Wire name of what coded the scene; ``stored`` where the codec gave up."""
    raw_bytes: int
    encoded_bytes: int
    look_s: float
    """Looking at the scene before its blocks are encoded; part of no speed."""
    encode_mb_s: float
    """Megabytes of scene a second, one thread, median."""
    decode_mb_s: float
    encode_s: tuple[float, ...]
    decode_s: tuple[float, ...]
    peak_bytes: int
    """Python and NumPy memory while encoding, the scene itself excluded."""


@dataclass(frozen=True, slots=True)
class ThreadMeasurement:
    """How much faster two threads are than one, on blocks of 5 MB."""

    scene: str
    codec: str
    encode_gain: float
    decode_gain: float


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

    def ratios(self, codec: str, baseline: str, baseline_level: int) -> dict[str, dict[str, float]]:
        """Compare a codec to another: size, encode and decode speed as shares, by scene."""
        mine = {m.scene: m for m in self.measurements if m.codec == codec}
        base = {
            m.scene: m
            for m in self.measurements
            if m.codec == baseline and m.level == baseline_level
        }
        return {
            scene: {
                "size": mine[scene].encoded_bytes / base[scene].encoded_bytes,
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
    progress: Callable[[str], None] = lambda _: None,
) -> CodecBenchmark:
    """Measure every codec on real scenes, codecs taking turns in each repetition.

    Parameters
    ----------
    scenes
        Names of samples; None for all.
    repetitions
        Of each measurement, after one that warms up; at least 3.
    max_bytes
        Cut longer scenes off there.
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
    measurements: list[CodecMeasurement] = []
    threads: list[ThreadMeasurement] = []
    for scene in scenes or sample_names():
        progress(scene)
        image = sample(scene).data[:max_bytes]
        contestants = [_Contestant(n, v, image) for n in codec_names() for v in _levels(n)]
        for _ in range(repetitions + 1):
            for contestant in contestants:
                contestant.run(image)
        measurements += [contestant.result(scene, image) for contestant in contestants]
        threads += [
            _measure_threads(scene, c.name, c.coder, image, repetitions)
            for c in contestants
            if c.name == c.coder.name == "predictive" and len(image) > _BLOCK_BYTES
        ]
    return CodecBenchmark(
        cpu=_cpu(),
        python=platform.python_version(),
        packages={name: _version(name) for name in ("numpy", "zstandard", "numba", "pcodec")},
        pixel_engine=chosen,
        engine_s=engine_s,
        repetitions=repetitions,
        measurements=tuple(measurements),
        threads=tuple(threads),
    )


class _Contestant:
    """A codec at a level, and its samples so far; the first, a warm-up, is dropped."""

    def __init__(self, name: str, level: int | None, image: memoryview) -> None:
        self.name, self.level = name, level
        started = time.perf_counter()
        self.coder = encoder(name, level).for_image(image)
        self.look_s = time.perf_counter() - started
        self.encode_s: list[float] = []
        self.decode_s: list[float] = []
        self.encoded_bytes = 0

    def run(self, image: memoryview) -> None:
        started = time.perf_counter()
        payload = self.coder.encode(image, 0)
        self.encode_s.append(time.perf_counter() - started)
        out = memoryview(bytearray(len(image)))
        started = time.perf_counter()
        decoder(self.coder.name).decode_into(payload, out)
        self.decode_s.append(time.perf_counter() - started)
        self.encoded_bytes = memoryview(payload).nbytes
        if out != image:
            msg = f"codec {self.name} did not give the scene back"
            raise BenchmarkError(msg)

    def result(self, scene: str, image: memoryview) -> CodecMeasurement:
        encode_s, decode_s = tuple(self.encode_s[1:]), tuple(self.decode_s[1:])
        size = len(image) / _MB
        return CodecMeasurement(
            scene=scene,
            codec=self.name,
            level=self.level,
            used=self.coder.name,
            raw_bytes=len(image),
            encoded_bytes=self.encoded_bytes,
            look_s=self.look_s,
            encode_mb_s=size / statistics.median(encode_s),
            decode_mb_s=size / statistics.median(decode_s),
            encode_s=encode_s,
            decode_s=decode_s,
            peak_bytes=_peak_bytes(self.coder, image),
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
    scene: str, name: str, coder: ImageEncoder, image: memoryview, repetitions: int
) -> ThreadMeasurement:
    offsets = range(0, len(image), _BLOCK_BYTES)
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
    return ThreadMeasurement(scene, name, _gain(encode), _gain(decode))


def _gain(seconds: dict[int, list[float]]) -> float:
    return statistics.median(seconds[1]) / statistics.median(seconds[2])


def _cpu() -> str:
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
