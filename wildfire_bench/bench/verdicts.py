"""Each number of the guide beside the measured one: holds, holds in part, does not hold.

A reduction holds if the whole interval of the measured one reaches what the words promise, in
whole percent; more than promised holds too. A value of the guide's "after" holds if the measured
one is no worse, its "before" if the measured one is the same: both within a tolerance, which is
wider for times, since the guide's machine is not known. A claim that holds for another reading of
its words only, holds in part, and the reading is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wildfire_bench.bench.claims import CLAIMS, Claim, Comparison, Quantity
from wildfire_bench.bench.results import BeforeAfter
from wildfire_bench.bench.statistics import Interval, ratio_interval, summarise
from wildfire_bench.bench.variants import AFTER, PATHS, VARIANTS

__all__ = [
    "SIZE_TOLERANCE",
    "TIME_TOLERANCE",
    "Finding",
    "Verdict",
    "judge",
    "judge_all",
    "samples_of",
]

SIZE_TOLERANCE = 0.1
"""Share by which a size may differ from the guide's and still be called the same."""
TIME_TOLERANCE = 0.5
"""The same for times: those of another machine."""
GUIDE_IMAGE_MB = 20.0
BASE64 = 4 / 3
"""Characters of base64 for a byte."""
MB = 1e6

_UNITS: dict[Quantity, str] = {
    "stored_mb": "MB",
    "wire_mb": "MB",
    "end_to_end_ms": "ms",
    "serialization_ms": "ms",
    "cpu_s_per_gb": "CPU s/GB",
}


_VERBS: dict[Quantity, str] = {
    "stored_mb": "stores",
    "wire_mb": "sends",
    "end_to_end_ms": "takes",
    "serialization_ms": "takes",
    "cpu_s_per_gb": "uses",
}
_SIZES = frozenset({"stored_mb", "wire_mb"})


class Verdict(StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "does not hold"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim, what was measured, and what that means."""

    claim: Claim
    verdict: Verdict
    measured: Interval | None
    """Percent less, or a value in `unit`; of the reading that the guide's words give."""
    unit: str
    samples: int
    """The smaller count of the two sides."""
    sentence: str
    """Why, with the figures."""


@dataclass(frozen=True, slots=True)
class _Reading:
    comparison: Comparison
    measured: Interval | None
    samples: int
    holds: bool


def judge_all(results: BeforeAfter) -> tuple[Finding, ...]:
    """Hold every claim against a run, in the order of `CLAIMS`."""
    return tuple(judge(claim, results) for claim in CLAIMS)


def judge(claim: Claim, results: BeforeAfter) -> Finding:
    """Hold one claim against a run.

    Parameters
    ----------
    claim
        A number of the guide.
    results
        A run; what it has too few samples of is *not measured*, never guessed.
    """
    if claim.quantity is None:
        return Finding(
            claim, Verdict.NOT_MEASURED, None, "", 0, f"Not measured: {claim.unmeasured}."
        )
    unit = "%" if claim.is_reduction else _UNITS[claim.quantity]
    readings = [_read(claim, comparison, results) for comparison in claim.comparisons]
    first, others = readings[0], readings[1:]
    if first.measured is None:
        return Finding(
            claim, Verdict.NOT_MEASURED, None, unit, first.samples, _too_few(first.samples)
        )
    helping = next((reading for reading in others if reading.holds), None)
    if first.holds:
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.IN_PART if helping is not None else Verdict.FAILS
    sentence = _explain(claim, first, None if first.holds else helping, unit)
    if verdict is Verdict.FAILS:
        sentence += _why_not(claim, others, results, unit)
    return Finding(claim, verdict, first.measured, unit, first.samples, sentence)


def samples_of(results: BeforeAfter, quantity: Quantity, name: str) -> list[float]:
    """Get the raw samples of one variant or serialization path, in the quantity's unit."""
    sources: dict[Quantity, Callable[[], list[float]]] = {
        "stored_mb": lambda: [size / MB for size in results.stored_bytes(name)],
        "wire_mb": lambda: [size / MB for size in results.wire_bytes(name)],
        "end_to_end_ms": lambda: results.end_to_end_ms(name),
        "serialization_ms": lambda: results.serialization_ms(name),
        "cpu_s_per_gb": lambda: results.cpu_s_per_gb(name, "total"),
    }
    return sources[quantity]()


def _read(claim: Claim, comparison: Comparison, results: BeforeAfter) -> _Reading:
    quantity = claim.quantity or "stored_mb"
    after = samples_of(results, quantity, comparison.after)
    before = samples_of(results, quantity, comparison.before) if comparison.before else after
    count = min(len(after), len(before))
    measured = None
    if count and comparison.before:
        ratio = ratio_interval(after, before, same_every_time=quantity in _SIZES)
        measured = None if ratio is None else ratio.as_reduction()
        return _Reading(comparison, measured, count, _reaches(claim, measured))
    if count:
        measured = _value(after, quantity, results)
    return _Reading(comparison, measured, count, _matches(claim, measured))


def _value(samples: list[float], quantity: Quantity, results: BeforeAfter) -> Interval | None:
    """Scale a value to the guide's image of 20 MB; ours is a few rows smaller."""
    summary = summarise(samples)
    scale = GUIDE_IMAGE_MB * MB / results.scene.size_bytes
    sizes = quantity in _SIZES
    interval = summary.interval
    if interval is None:
        if not sizes:
            return None
        interval = Interval(summary.median, summary.low, summary.high)
    return Interval(interval.value * scale, interval.low * scale, interval.high * scale)


def _reaches(claim: Claim, measured: Interval | None) -> bool:
    """Compare as the guide does: in whole percent."""
    return measured is not None and round(measured.low) >= claim.low


def _matches(claim: Claim, measured: Interval | None) -> bool:
    if measured is None:
        return False
    tolerance = SIZE_TOLERANCE if claim.quantity in _SIZES else TIME_TOLERANCE
    if claim.section.endswith("before"):
        return abs(measured.value / claim.high - 1) <= tolerance
    return measured.value <= claim.high * (1 + tolerance)


def _explain(claim: Claim, first: _Reading, helping: _Reading | None, unit: str) -> str:
    """Say it in one sentence, two at most, with the figures."""
    said = _capitalised(_said(claim, first, unit))
    if first.holds:
        text = f"{said}."
        if claim.is_reduction and first.measured and round(first.measured.low) > claim.high:
            text = f"{said}: more than the guide says."
        return text
    target = (
        f"{claim.low:g} {unit}"
        if claim.low == claim.high
        else f"{claim.low:g} to {claim.high:g} {unit}"
    )
    text = f"{said}, where the guide says {target}."
    if claim.is_reduction and first.measured and first.measured.value >= claim.low:
        least = f"{first.measured.low:.0f} %"
        text = f"{said}, but the samples allow for {least}; the guide says {target}."
    if helping is not None:
        text += f" It holds {helping.comparison.when}: {_said(claim, helping, unit)}."
    return text


def _why_not(claim: Claim, others: Sequence[_Reading], results: BeforeAfter, unit: str) -> str:
    """Give the reason: what the codec would have to do to this very image, or other readings."""
    if claim.quantity not in _SIZES:
        tried = [each for each in others if each.measured is not None]
        return "".join(f" Nor {e.comparison.when}: {_said(claim, e, unit)}." for e in tried)
    encoded = summarise(samples_of(results, "stored_mb", AFTER)).median * MB
    raw = results.scene.size_bytes
    share = (1 - claim.low / 100) * BASE64 if claim.is_reduction else claim.low / GUIDE_IMAGE_MB
    return (
        f" That asks for an image {1 / share:.1f} times smaller than its file; zstd makes this one "
        f"{raw / encoded:.2f} times smaller."
    )


def _said(claim: Claim, reading: _Reading, unit: str) -> str:
    measured = reading.measured
    if measured is None:
        return "nothing was measured"
    after = f"{_label(reading.comparison.after)} {_VERBS[claim.quantity or 'stored_mb']}"
    if reading.comparison.before is None:
        return f"{after} {_number(measured.value)} {unit}"
    before = _label(reading.comparison.before)
    if measured.value >= 0:
        return f"{after} {measured.value:.0f} % less than {before}"
    return f"{after} {-measured.value:.0f} % more than {before}"


def _label(name: str) -> str:
    labels = {variant.name: variant.label for variant in VARIANTS}
    labels |= {path.name: path.label for path in PATHS}
    return labels[name]


def _number(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _too_few(samples: int) -> str:
    return f"Not measured: an interval needs five samples, and there are {samples}."
