"""How much is measured: the named profiles and their limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from wildfire_bench.errors import InvalidParameter

__all__ = ["MAX_ROUNDS", "PROFILES", "ProfileName", "Workload", "workload"]

ProfileName = Literal["smoke", "quick", "full"]

MAX_ROUNDS = 200
MAX_SIZE_BYTES = 20_000_000
"""The direct route's threshold (guide, section 2): larger images would be chunked."""
MIN_SIZE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Workload:
    """What one run of the comparison does."""

    profile: ProfileName
    size_bytes: int
    """Wanted size of the scene; the file made may be a few rows smaller."""
    rounds: int
    """Times that every variant is measured, in a new order each time."""
    images_per_block: int
    """Images a round and variant; slow variants (`Variant.slow`) send one."""
    warm_up: bool = True
    """Whether a round comes first that no statistic uses."""
    seed: int = 20251013
    """Of the order of variants and of the bootstrap."""
    dataset: str = "sentinel-2"
    other_scenes: bool = True
    """Whether the other kinds of scene are sent once each, for their sizes."""
    checks: bool = True
    """Whether the short checks are made that claims about limits are held against."""
    timeout_s: float = 60.0
    """How long one image may take before the run is given up."""

    @property
    def supports_speed(self) -> bool:
        """Whether there are rounds enough for a statement about times and CPU seconds."""
        return self.rounds >= 3

    @property
    def supports(self) -> str:
        """What the sample counts can carry, in a sentence."""
        if not self.supports_speed:
            return (
                f"{self.rounds} round(s) show that every way works and what it stores; "
                "they carry no statement about speed"
            )
        fast = self.rounds * self.images_per_block
        return (
            f"{fast} images a variant ({self.rounds} for gzip) in {self.rounds} rounds carry a "
            "median and its interval; they carry no percentile beyond it"
        )


PROFILES: dict[ProfileName, Workload] = {
    "smoke": Workload(
        "smoke",
        size_bytes=2_000_000,
        rounds=1,
        images_per_block=1,
        warm_up=False,
        other_scenes=False,
        checks=False,
    ),
    "quick": Workload("quick", size_bytes=MAX_SIZE_BYTES, rounds=5, images_per_block=3),
    "full": Workload("full", size_bytes=MAX_SIZE_BYTES, rounds=30, images_per_block=3),
}
"""``smoke``: seconds, for tests. ``quick``: three minutes on 2 cores. ``full``: about 15."""


def workload(
    profile: str, *, rounds: int = 0, size_bytes: int = 0, seed: int | None = None
) -> Workload:
    """Make a workload from a profile and what is to differ from it.

    Parameters
    ----------
    profile
        ``smoke``, ``quick`` or ``full``.
    rounds, size_bytes
        Replace the profile's; 0 keeps it.
    seed
        Replaces the default; None keeps it.

    Raises
    ------
    InvalidParameter
        If the profile is unknown or a number is out of range.
    """
    for name, known in PROFILES.items():
        if name == profile:
            chosen = known
            break
    else:
        msg = f"profile {profile!r} is unknown: choose smoke, quick or full"
        raise InvalidParameter(msg)
    rounds = rounds or chosen.rounds
    size_bytes = size_bytes or chosen.size_bytes
    if not 1 <= rounds <= MAX_ROUNDS:
        msg = f"rounds is {rounds}: choose 1 to {MAX_ROUNDS}, or 0 for the profile's own"
        raise InvalidParameter(msg)
    if not MIN_SIZE_BYTES <= size_bytes <= MAX_SIZE_BYTES:
        msg = (
            f"size_bytes is {size_bytes:,}: choose {MIN_SIZE_BYTES:,} to {MAX_SIZE_BYTES:,} "
            "(larger images leave the direct route)"
        )
        raise InvalidParameter(msg)
    return replace(
        chosen,
        size_bytes=size_bytes,
        rounds=rounds,
        seed=chosen.seed if seed is None else seed,
    )
