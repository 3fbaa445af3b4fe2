"""The sentences of a verdict: why a claim holds or does not, with the figures."""

from __future__ import annotations

from collections.abc import Sequence

from wildfire_bench.bench.serialization import PATHS
from wildfire_bench.bench.verdicts.claims import Claim
from wildfire_bench.bench.verdicts.findings import Reading, SceneReading
from wildfire_bench.bench.verdicts.quantities import MB, SIZES, VERBS
from wildfire_bench.bench.workloads.drivers import driver_labels

__all__ = ["across_scenes", "explain", "too_few", "why_not"]

GUIDE_IMAGE_MB = 20.0
BASE64 = 4 / 3
"""Characters of base64 for a byte."""
MAX_SPREAD = 1.0
"""Kinds of scene that differ by less, in the claim's unit, get no sentence of their own."""


def explain(claim: Claim, first: Reading, helping: Reading | None) -> str:
    """Say what was measured for the guide's words, and the other reading that would hold."""
    said = _capitalised(_said(claim, first))
    measured = first.measured
    if first.holds:
        more = claim.is_reduction and measured is not None and round(measured.low) > claim.high
        return f"{said}: more than the guide says." if more else f"{said}."
    text = f"{said}, where the guide says {claim.target}."
    if claim.is_reduction and measured is not None and measured.value >= claim.low:
        least = f"{measured.low:.0f} %"
        text = f"{said}, but the samples allow for {least}; the guide says {claim.target}."
    if helping is not None:
        text += f" It holds {helping.comparison.when}: {_said(claim, helping)}."
    return text


def why_not(
    claim: Claim, others: Sequence[Reading], raw_bytes: int, encoded_mb: float | None
) -> str:
    """Give the reason: what the codec would have to do to this very image, or other readings."""
    if claim.quantity not in SIZES or encoded_mb is None:
        tried = [each for each in others if each.measured is not None]
        return "".join(f" Nor {each.comparison.when}: {_said(claim, each)}." for each in tried)
    share = (1 - claim.low / 100) * BASE64 if claim.is_reduction else claim.low / GUIDE_IMAGE_MB
    return (
        f" That asks for an image {1 / share:.1f} times smaller than its file; zstd makes this one "
        f"{raw_bytes / (encoded_mb * MB):.2f} times smaller."
    )


def across_scenes(claim: Claim, scenes: Sequence[SceneReading]) -> str:
    """Say what other kinds of scene give, where they differ."""
    values = [scene.measured for scene in scenes]
    if not values or max(values) - min(values) < MAX_SPREAD:
        return ""
    unit = "% less" if claim.is_reduction else claim.unit
    said = {True: " (holds)", False: " (does not hold)"}
    end = ""
    if not any(scene.holds for scene in scenes):
        said, end = {False: ""}, "; it holds for none"
    parts = [
        f"{scene.kind} {_number(scene.measured)} {unit}{scene.when and ', '}{scene.when}"
        f"{said[scene.holds]}"
        for scene in scenes
    ]
    return f" By kind of pixels: {', '.join(parts) if end else '; '.join(parts)}{end}."


def too_few(rounds: int) -> str:
    """Say that there is no verdict."""
    return f"An interval needs five rounds, and there are {rounds}."


def _said(claim: Claim, reading: Reading) -> str:
    measured = reading.measured
    if measured is None:
        return "nothing was measured"
    after = f"{_label(reading.comparison.after)} {VERBS[claim.quantity or 'stored_mb']}"
    if reading.comparison.before is None:
        return f"{after} {_number(measured.value)} {claim.unit}"
    before = _label(reading.comparison.before)
    if measured.value >= 0:
        return f"{after} {measured.value:.0f} % less than {before}"
    return f"{after} {-measured.value:.0f} % more than {before}"


def _label(name: str) -> str:
    labels = driver_labels()
    labels |= {path.name: path.label for path in PATHS}
    return labels[name]


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
