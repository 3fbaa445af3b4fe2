"""Each number of the guide beside the measured one: holds, holds in part, does not hold.

A reduction holds if the whole interval of the measured one reaches what the words promise, in
whole percent; more than promised holds too. A value of the guide's "after" holds if the measured
one is no worse, its "before" if the measured one is the same: both within a tolerance, which is
wider for times, since the guide's machine is not known. Sizes are judged on every kind of scene. A
claim that holds for some scenes only, or for another reading of its words, holds in part, and that
is named. Verdicts are computed from results each time; nowhere are they kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from wildfire_bench.bench.measurements import Check, SceneSize
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.statistics import (
    Interval,
    Rounds,
    round_median_interval,
    round_ratio_interval,
    summarise,
)
from wildfire_bench.bench.verdicts import words
from wildfire_bench.bench.verdicts.claims import Claim, Comparison, claims
from wildfire_bench.bench.verdicts.findings import Finding, Reading, SceneReading, Verdict
from wildfire_bench.bench.verdicts.quantities import MB, SIZES, Quantity, rounds_of, samples_of

__all__ = [
    "GUIDE_IMAGE_MB",
    "MAIN_KIND",
    "SIZE_TOLERANCE",
    "TIME_TOLERANCE",
    "Finding",
    "Reading",
    "SceneReading",
    "Verdict",
    "judge",
    "judge_all",
]

SIZE_TOLERANCE = 0.1
"""Share by which a size may differ from the guide's and still be called the same."""
TIME_TOLERANCE = 0.5
"""The same for times: those of another machine."""
GUIDE_IMAGE_MB = 20.0
MAIN_KIND = "16-bit"
"""Pixels of the scene that all quantities are measured on."""


def judge_all(results: BenchRun, checks: Sequence[Check] = ()) -> tuple[Finding, ...]:
    """Hold every claim of the register against a run, in the register's order.

    Parameters
    ----------
    results
        A run of the comparison.
    checks
        Answers from elsewhere; where a name is in both, the run's own counts.
    """
    return tuple(judge(claim, results, checks) for claim in claims())


def judge(claim: Claim, results: BenchRun, checks: Sequence[Check] = ()) -> Finding:
    """Hold one claim against a run.

    Parameters
    ----------
    claim
        A number of the guide.
    results
        A run; what it has too few samples of is *not measured*, never guessed.
    checks
        As in `judge_all`.
    """
    if claim.quantity is None:
        return _judge_check(claim, (*results.checks, *checks))
    readings = [_read(claim, comparison, results) for comparison in claim.comparisons]
    first, others = readings[0], readings[1:]
    if first.measured is None:
        said = words.too_few(first.rounds)
        return Finding(claim, Verdict.NOT_MEASURED, None, first.samples, (), said)
    scenes = _read_scenes(claim, results, first)
    some = any([first.holds, *(o.holds for o in others), *(s.holds for s in scenes)])
    if first.holds and all(scene.holds for scene in scenes if not scene.when):
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.IN_PART if some else Verdict.FAILS
    helping = None if first.holds else next((each for each in others if each.holds), None)
    sentence = words.explain(claim, first, helping)
    if verdict is Verdict.FAILS:
        encoded_mb = _median(results, "stored_mb", claim.comparisons[0].after)
        sentence += words.why_not(claim, others, results.scene.size_bytes, encoded_mb)
    sentence += words.across_scenes(claim, scenes)
    return Finding(claim, verdict, first.measured, first.samples, scenes, sentence)


def _judge_check(claim: Claim, checks: Sequence[Check]) -> Finding:
    check = next((check for check in checks if check.name == claim.check), None)
    if check is None:
        why = claim.unmeasured or "This run made no checks of limits: profile quick does"
        return Finding(claim, Verdict.NOT_MEASURED, None, 0, (), f"{why}.")
    verdict = Verdict.HOLDS if _passes(claim, check) else Verdict.FAILS
    helping = ""
    if verdict is Verdict.FAILS:
        by_name = {each.name: each for each in checks}
        for other in claim.alternatives:
            found = by_name.get(other.check)
            if found is not None and _passes(claim, found):
                verdict, helping = Verdict.IN_PART, f"It holds {other.when}: {found.detail}."
                break
    measured = Interval(check.value, check.value, check.value)
    sentence = " ".join(part for part in (f"{check.detail}.", helping, claim.note) if part)
    return Finding(claim, verdict, measured, 1, (), sentence)


def _passes(claim: Claim, check: Check) -> bool:
    if claim.kind == "at_least":
        return check.value >= claim.low
    if claim.kind == "at_most":
        return check.value <= claim.high
    return abs(check.value - claim.low) <= SIZE_TOLERANCE * claim.low


def _read(claim: Claim, comparison: Comparison, results: BenchRun) -> Reading:
    quantity = claim.quantity or "stored_mb"
    after = rounds_of(results, quantity, comparison.after)
    before = rounds_of(results, quantity, comparison.before) if comparison.before else after
    samples = min(sum(map(len, after.values())), sum(map(len, before.values())))
    rounds = len(after.keys() & before.keys())
    measured = None
    if rounds and comparison.before:
        ratio = round_ratio_interval(after, before, same_every_time=quantity in SIZES)
        measured = None if ratio is None else ratio.as_reduction()
    elif rounds:
        measured = _value(after, quantity, results)
    holds = measured is not None and _holds(claim, measured.value, measured.low)
    return Reading(comparison, measured, samples, rounds, holds)


def _value(rounds: Rounds, quantity: Quantity, results: BenchRun) -> Interval | None:
    """Scale a value to the guide's image of 20 MB; ours is a few rows smaller."""
    scale = GUIDE_IMAGE_MB * MB / results.scene.size_bytes
    interval = round_median_interval(rounds)
    if interval is None:
        if quantity not in SIZES:
            return None
        summary = summarise([value for values in rounds.values() for value in values])
        interval = Interval(summary.median, summary.low, summary.high)
    return Interval(interval.value * scale, interval.low * scale, interval.high * scale)


def _read_scenes(claim: Claim, results: BenchRun, first: Reading) -> tuple[SceneReading, ...]:
    """Judge sizes on the other kinds of scene too, one image each."""
    if claim.quantity not in SIZES or first.measured is None:
        return ()
    kinds = dict.fromkeys(size.kind for size in results.scenes)
    found = []
    for kind in kinds:
        sizes = {size.variant: size for size in results.scenes if size.kind == kind}
        for comparison in claim.comparisons:
            measured = _scene_value(claim, comparison, sizes)
            if measured is None:
                continue
            holds = _holds(claim, measured, measured)
            if holds or not comparison.when:
                found.append(SceneReading(kind, comparison.when, measured, holds))
            if holds:
                break
    if not found:
        return ()
    return (SceneReading(MAIN_KIND, "", first.measured.value, first.holds), *found)


def _scene_value(claim: Claim, comparison: Comparison, sizes: dict[str, SceneSize]) -> float | None:
    after = sizes.get(comparison.after)
    if after is None or not (after_bytes := _bytes(after, claim.quantity)):
        return None
    if comparison.before is None:
        return GUIDE_IMAGE_MB * after_bytes / after.size_bytes
    before = sizes.get(comparison.before)
    if before is None or not (before_bytes := _bytes(before, claim.quantity)):
        return None
    return 100 * (1 - after_bytes / before_bytes)


def _bytes(size: SceneSize, quantity: Quantity | None) -> int | None:
    return size.stored_bytes if quantity == "stored_mb" else size.wire_bytes


def _holds(claim: Claim, value: float, least: float) -> bool:
    """Compare as the guide does: reductions in whole percent, values within the tolerance."""
    if claim.is_reduction:
        return round(least) >= claim.low
    tolerance = SIZE_TOLERANCE if claim.quantity in SIZES else TIME_TOLERANCE
    if claim.kind == "before":
        return abs(value / claim.high - 1) <= tolerance
    return value <= claim.high * (1 + tolerance)


def _median(results: BenchRun, quantity: Quantity, name: str) -> float | None:
    samples = samples_of(results, quantity, name)
    return summarise(samples).median if samples else None
