"""Workloads: which images are carried, how many, at what pace; each a file of its own.

A workload says nothing of how an image is carried: that is a driver's. The profiles ``smoke``,
``quick`` and ``full`` are the workloads of these names in ``data/workloads``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, with_config

from wildfire_bench.bench.workloads.drivers import read_driver
from wildfire_bench.bench.workloads.yaml_files import read_named, shipped_names
from wildfire_bench.errors import InvalidParameter

__all__ = [
    "MAX_ROUNDS",
    "PROFILES",
    "Pattern",
    "Workload",
    "profile_workload",
    "workload",
    "workload_names",
]

FOLDER: Final = "workloads"
PROFILES: Final = ("smoke", "quick", "full")
MAX_ROUNDS: Final = 200
MIN_SIZE_BYTES: Final = 200_000
MAX_SIZE_BYTES: Final = 400_000_000
MAX_HELD_BYTES: Final = 1_000_000_000
"""Images of a block that overlap are kept until its end, to be compared outside the timed part."""
MAX_PER_S: Final = 1_000.0
_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Pattern:
    """When images of a block are sent.

    ``closed`` with `in_flight`: the next once another is acknowledged, for what a way can carry;
    with one in flight the next also waits until the last is in the consumer's hands. ``open`` with
    `per_s`: at fixed times, whether or not earlier ones are through. A latency counts from the time
    at which a send was due.
    """

    loop: Literal["closed", "open"]
    in_flight: Annotated[int, Field(ge=1, le=64)] | None = None
    per_s: Annotated[float, Field(gt=0, le=MAX_PER_S)] | None = None

    def __post_init__(self) -> None:
        if (self.loop == "closed") != (self.in_flight is not None) or (self.loop == "open") != (
            self.per_s is not None
        ):
            msg = "a closed loop has in_flight, an open one per_s, and neither has both"
            raise ValueError(msg)

    @property
    def name(self) -> str:
        """Short and stable; what samples are kept under."""
        return f"closed-{self.in_flight}" if self.loop == "closed" else f"open-{self.per_s:g}/s"

    @property
    def one_by_one(self) -> bool:
        """Whether nothing else is under way while an image is."""
        return self.in_flight == 1

    @property
    def words(self) -> str:
        """For people."""
        if self.loop == "open":
            return f"{self.per_s:g} images a second are due"
        return "one image in flight" if self.one_by_one else f"{self.in_flight} images in flight"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Workload:
    """What one run does."""

    name: str
    purpose: str
    """What it is for, in a few words."""
    sizes: Annotated[
        tuple[Annotated[int, Field(ge=MIN_SIZE_BYTES, le=MAX_SIZE_BYTES)], ...],
        Field(min_length=1, max_length=20),
    ]
    """Wanted bytes of each scene; a file made may be a few rows smaller. Claims go by the first."""
    patterns: Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=4)]
    """Measured one after the other in each block; claims go by the first."""
    images: Annotated[int, Field(ge=1, le=1_000)]
    """A block and pattern; slow drivers (`Driver.slow`) send one."""
    rounds: Annotated[int, Field(ge=1, le=MAX_ROUNDS)]
    """Times that every driver is measured, in a new order each time."""
    drivers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Those that are measured unless others are chosen: names, or paths of files."""
    scene: str = "sentinel-2"
    """As `wildfire_bench.samples` knows it."""
    warm_up: bool = True
    """Whether a round comes first that no statistic uses."""
    seed: int = 20251013
    """Of the order of blocks."""
    serialization: bool = False
    """Whether the way from image to Kafka value is timed alone, too."""
    wire_pass: bool = False
    """Whether each driver sends one more image, untimed, through a proxy that counts bytes."""
    other_scenes: bool = False
    """Whether the other kinds of scene are sent once each, for their sizes."""
    checks: bool = False
    """Whether the short checks are made that claims about limits are held against."""
    timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    """How long one image may take before the run is given up."""

    def __post_init__(self) -> None:
        if len(set(self.sizes)) < len(self.sizes) or len(set(self.patterns)) < len(self.patterns):
            msg = "a size or pattern is there twice"
            raise ValueError(msg)
        held = max(self.sizes) * self.images
        if held > MAX_HELD_BYTES and not all(pattern.one_by_one for pattern in self.patterns):
            msg = (
                f"{self.images} images of {max(self.sizes):,} bytes that overlap are {held:,} bytes"
                f" to hold until they are compared, at most {MAX_HELD_BYTES:,}: fewer images"
            )
            raise ValueError(msg)

    @property
    def supports_speed(self) -> bool:
        """Whether there are rounds enough for a statement about times and CPU seconds."""
        return self.rounds >= 5

    @property
    def supports(self) -> str:
        """What the sample counts can carry, in a sentence."""
        if not self.supports_speed:
            return (
                f"{self.rounds} round(s) show that every way works and what it stores; "
                "they carry no statement about speed"
            )
        images = self.rounds * self.images
        slow = any(read_driver(name).slow for name in self.drivers)
        gzip = f" ({self.rounds} for gzip)" if slow else ""
        beyond = "they carry no percentile beyond it"
        if images >= 100:
            beyond = f"the {'99th' if images >= 500 else '95th'} percentile is the last they carry"
        return (
            f"{images} images a way{gzip} in {self.rounds} rounds carry a median and its interval; "
            f"{beyond}"
        )


def workload_names() -> tuple[str, ...]:
    """List the workloads that come with the package, sorted."""
    return shipped_names(FOLDER)


def profile_workload(name: str) -> Workload:
    """Read the workload of a profile; any other name, and a file, is refused.

    Raises
    ------
    InvalidParameter
        If it is none of `PROFILES`.
    """
    if name not in PROFILES:
        msg = f"profile {name!r} is unknown: choose {', '.join(PROFILES[:-1])} or {PROFILES[-1]}"
        raise InvalidParameter(msg)
    return workload(name)


def workload(
    name: str, *, rounds: int = 0, size_bytes: int = 0, seed: int | None = None
) -> Workload:
    """Read a workload, and change what is to differ from it.

    Parameters
    ----------
    name
        Such as ``quick``; or the path of a YAML file.
    rounds, size_bytes
        Replace the workload's; 0 keeps them.
    seed
        Replaces the workload's; None keeps it.

    Raises
    ------
    InvalidParameter
        If it is unknown or holds a mistake, or a number is out of range.
    """
    chosen = read_named(Workload, FOLDER, name)
    if not 0 <= rounds <= MAX_ROUNDS:
        msg = f"rounds is {rounds}: choose 1 to {MAX_ROUNDS}, or 0 for the workload's own"
        raise InvalidParameter(msg)
    if size_bytes and not MIN_SIZE_BYTES <= size_bytes <= MAX_SIZE_BYTES:
        msg = f"size_bytes is {size_bytes:,}: choose {MIN_SIZE_BYTES:,} to {MAX_SIZE_BYTES:,}"
        raise InvalidParameter(msg)
    return replace(
        chosen,
        sizes=(size_bytes,) if size_bytes else chosen.sizes,
        rounds=rounds or chosen.rounds,
        seed=chosen.seed if seed is None else seed,
    )
