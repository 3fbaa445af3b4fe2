"""One codec on one scene: its repetitions, and what they come to."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import BenchmarkError

__all__ = ["CodecMeasurement", "Contestant"]

_MB = 1_000_000
Decoded = TypeVar("Decoded")


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
    peak_bytes: int | None
    """Python and NumPy memory while encoding, the scene itself excluded; None for rivals."""

    @property
    def share(self) -> float:
        """Size as a share of the scene's."""
        return self.encoded_bytes / self.raw_bytes


@dataclass(slots=True)
class Contestant(Generic[Decoded]):
    """What is timed, and its samples so far; the first, a warm-up, is dropped."""

    name: str
    level: int | None
    raw_bytes: int
    encode: Callable[[], Sequence[Buffer]]
    room: Callable[[], Decoded]
    """Makes what is decoded into; not timed."""
    decode: Callable[[Sequence[Buffer], Decoded], None]
    is_exact: Callable[[Decoded], bool]
    """Not timed."""
    most_repetitions: int | None = None
    _encode_s: list[float] = field(default_factory=list)
    _decode_s: list[float] = field(default_factory=list)
    _encoded_bytes: int = 0

    def run(self) -> None:
        """Encode, decode and check once more, unless that was done often enough.

        Raises
        ------
        BenchmarkError
            If the scene does not come back.
        """
        if self.most_repetitions is not None and len(self._encode_s) > self.most_repetitions:
            return
        started = time.perf_counter()
        payload = self.encode()
        self._encode_s.append(time.perf_counter() - started)
        decoded = self.room()
        started = time.perf_counter()
        self.decode(payload, decoded)
        self._decode_s.append(time.perf_counter() - started)
        self._encoded_bytes = sum(memoryview(part).nbytes for part in payload)
        if not self.is_exact(decoded):
            msg = f"codec {self.name} did not give the scene back"
            raise BenchmarkError(msg)

    def result(
        self, scene: str, *, used: str = "", look_s: float = 0.0, peak_bytes: int | None = None
    ) -> CodecMeasurement:
        """Summarise; `used` is what coded the scene where that is another codec."""
        encode_s, decode_s = tuple(self._encode_s[1:]), tuple(self._decode_s[1:])
        size = self.raw_bytes / _MB
        return CodecMeasurement(
            scene=scene,
            codec=self.name,
            level=self.level,
            used=used or self.name,
            raw_bytes=self.raw_bytes,
            encoded_bytes=self._encoded_bytes,
            look_s=look_s,
            encode_mb_s=size / statistics.median(encode_s),
            decode_mb_s=size / statistics.median(decode_s),
            encode_s=encode_s,
            decode_s=decode_s,
            peak_bytes=peak_bytes,
        )
