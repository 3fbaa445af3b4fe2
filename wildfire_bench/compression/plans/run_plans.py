"""How the runs of an image are predicted, at which level: a plan for each kind of run."""

from __future__ import annotations

from typing import TypeAlias

from wildfire_bench.compression.layouts.image_layout import ImageLayout, PixelRun
from wildfire_bench.compression.pixel_loops import Plan
from wildfire_bench.compression.plans.dense_plan import denser
from wildfire_bench.compression.plans.pixel_plan import plan_for
from wildfire_bench.compression.segments.pixel_segment import MAX_BANDS
from wildfire_bench.errors import SettingsError

__all__ = [
    "DEFAULT_LEVEL",
    "DENSE_LEVEL",
    "known_level",
    "largest_runs",
    "likeness_of",
    "plans_for",
]

DEFAULT_LEVEL = 1
DENSE_LEVEL = 2
"""Smaller, at about seven tenths of the speed."""

_PLANNING_BYTES = 16 << 20
"""Runs of the same shape within such a stretch of the file share one plan."""
_MOST_PLANS = 64
"""Runs without a plan are coded by zstd; planning for each of thousands would take seconds."""

Likeness: TypeAlias = tuple[object, ...]
"""What runs have in common that are predicted alike."""


def plans_for(
    layout: ImageLayout, image: memoryview, level: int | None
) -> dict[Likeness, Plan | None]:
    """Plan the largest run of each likeness; None for what zstd does better."""
    plans: dict[Likeness, Plan | None] = {}
    for likeness, run in largest_runs(layout):
        plan = plan_for(run, image)
        is_dense = level == DENSE_LEVEL
        plans[likeness] = denser(plan, run, image) if plan is not None and is_dense else plan
    return plans


def largest_runs(layout: ImageLayout) -> list[tuple[Likeness, PixelRun]]:
    """Give the largest run of each likeness, up to `_MOST_PLANS` of them."""
    largest: dict[Likeness, PixelRun] = {}
    for run in sorted(layout.runs, key=lambda run: run.size_bytes, reverse=True):
        if run.bands <= MAX_BANDS and len(largest) < _MOST_PLANS:
            largest.setdefault(likeness_of(run), run)
    return list(largest.items())


def likeness_of(run: PixelRun) -> Likeness:
    """Tell which other runs share a plan with this one."""
    stretch = run.offset_bytes // _PLANNING_BYTES
    return run.width, run.bands, run.sample_bytes, run.big_endian, run.kind, stretch


def known_level(level: int | None) -> int:
    """Give the level asked for, None for the default.

    Raises
    ------
    SettingsError
        If pixels cannot be predicted at this level.
    """
    if level not in (None, DEFAULT_LEVEL, DENSE_LEVEL):
        msg = (
            f"level {level} does not exist for predicted pixels: choose {DEFAULT_LEVEL} (fast) or "
            f"{DENSE_LEVEL} (dense)"
        )
        raise SettingsError(msg)
    return DEFAULT_LEVEL if level is None else level
