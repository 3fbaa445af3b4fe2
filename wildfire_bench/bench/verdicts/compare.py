"""Two runs of one machine beside each other: what changed, and which verdicts with it.

A run's own rounds do not tell how far two runs of the same code lie apart. So a time counts as
changed only past a margin, and the whole interval must lie beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from wildfire_bench.bench.measurements import Check
from wildfire_bench.bench.results.bench_run import BenchRun, Selection
from wildfire_bench.bench.statistics import Interval, Rounds, round_ratio_interval
from wildfire_bench.bench.verdicts.judging import Verdict, judge_all
from wildfire_bench.bench.verdicts.quantities import MORE_IS_BETTER, SIZES, Quantity, rounds_of
from wildfire_bench.errors import InvalidParameter

__all__ = ["SIZE_MARGIN", "TIME_MARGIN", "Change", "ClaimChange", "Outcome", "RunPair", "compare"]

SIZE_MARGIN: Final = 0.001
"""Share by which sizes of equal runs may differ: record headers, time stamps."""
TIME_MARGIN: Final = 0.1
"""The same for times and CPU seconds."""

Outcome = Literal["better", "worse", "the same", "cannot tell"]
"""``the same`` for sizes whose whole interval lies within the margin."""


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity of one variant in both runs, for one size and pattern."""

    quantity: Quantity
    name: str
    """Variant or serialization path."""
    size_bytes: int
    """Of the image."""
    pattern: str
    """How images were paced, as `Pattern.name`."""
    ratio: Interval | None
    """Second run over first; None with fewer than five rounds of a thing that varies."""
    rounds: int
    """The smaller count of the two."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """A claim's verdict in both runs."""

    name: str
    first: Verdict
    second: Verdict

    @property
    def flips(self) -> bool:
        """Whether the runs disagree; what one did not measure is no disagreement."""
        return self.first is not self.second and Verdict.NOT_MEASURED not in {
            self.first,
            self.second,
        }


@dataclass(frozen=True, slots=True)
class RunPair:
    """All that two runs tell of each other."""

    changes: tuple[Change, ...]
    claims: tuple[ClaimChange, ...]
    differences: tuple[str, ...]
    """Software that is not the same; what a comparison is usually made for."""


def compare(
    first: BenchRun, second: BenchRun, checks: tuple[Sequence[Check], Sequence[Check]] = ((), ())
) -> RunPair:
    """Compare two runs.

    Parameters
    ----------
    first, second
        The runs.
    checks
        What was measured of small records in the same go as each.

    Raises
    ------
    InvalidParameter
        If they are of different machines, brokers or images: their ratio would say nothing.
    """
    unlike = list(_unlike(first, second))
    if unlike:
        msg = (
            f"the runs cannot be compared: {'; '.join(unlike)}. A ratio of two machines or images "
            "says nothing about the code: measure both on one"
        )
        raise InvalidParameter(msg)
    claims = tuple(
        ClaimChange(one.claim.name, one.verdict, other.verdict)
        for one, other in zip(
            judge_all(first, checks[0]), judge_all(second, checks[1]), strict=True
        )
    )
    return RunPair(tuple(_changes(first, second)), claims, tuple(_software(first, second)))


def _unlike(first: BenchRun, second: BenchRun) -> Iterator[str]:
    one, other = first.environment, second.environment
    facts = {
        "processor": (one.cpu, other.cpu),
        "cores": (one.cores, other.cores),
        "memory, GiB": (round(one.memory_bytes / 2**30), round(other.memory_bytes / 2**30)),
        "system": (one.system, other.system),
        "brokers": (one.kafka, other.kafka),
        "images": (_digests(first), _digests(second)),
        "patterns": (_patterns(first), _patterns(second)),
    }
    for name, (left, right) in facts.items():
        if left != right:
            yield f"{name}: {left} and {right}"


def _software(first: BenchRun, second: BenchRun) -> Iterator[str]:
    one, other = first.environment, second.environment
    facts = {
        "commit": (one.commit, other.commit),
        "Python": (one.python, other.python),
        "librdkafka": (one.librdkafka, other.librdkafka),
        **{
            name: (one.packages.get(name), other.packages.get(name))
            for name in sorted(one.packages.keys() | other.packages.keys())
        },
        "load before": (f"{one.load_before:.1f}", f"{other.load_before:.1f}"),
    }
    for name, (left, right) in facts.items():
        if left != right:
            yield f"{name}: {left} and {right}"


def _changes(first: BenchRun, second: BenchRun) -> Iterator[Change]:
    names = list(dict.fromkeys(variant.name for variant in first.variants))
    paths = list(dict.fromkeys(sample.path for sample in first.serialization))
    everywhere = [
        Selection(scene.size_bytes, pattern.name)
        for scene in first.images
        for pattern in first.workload.patterns
    ]
    for quantity in get_args(Quantity):
        alone = quantity == "serialization_ms"
        for of in everywhere[:1] if alone else everywhere:
            for name in paths if alone else names:
                before = rounds_of(first, quantity, name, of)
                after = rounds_of(second, quantity, name, of)
                if before and after:
                    yield _change(quantity, name, of, before, after)


def _change(quantity: Quantity, name: str, of: Selection, before: Rounds, after: Rounds) -> Change:
    sizes = quantity in SIZES
    ratio = round_ratio_interval(after, before, paired=False, same_every_time=sizes)
    if sizes and ratio is not None and _within(ratio, SIZE_MARGIN):
        outcome: Outcome = "the same"
    else:
        margin = SIZE_MARGIN if sizes else TIME_MARGIN
        outcome = _outcome(ratio, margin, quantity in MORE_IS_BETTER)
    rounds = min(len(before), len(after))
    return Change(quantity, name, of.size_bytes, of.pattern, ratio, rounds, outcome)


def _outcome(ratio: Interval | None, margin: float, more_is_better: bool) -> Outcome:
    if ratio is None or (ratio.low <= 1 + margin and ratio.high >= 1 - margin):
        return "cannot tell"
    return "better" if (ratio.value > 1) is more_is_better else "worse"


def _within(ratio: Interval, margin: float) -> bool:
    return 1 - margin <= ratio.low and ratio.high <= 1 + margin


def _digests(run: BenchRun) -> str:
    return ", ".join(scene.sha256[:12] for scene in run.images)


def _patterns(run: BenchRun) -> str:
    return ", ".join(pattern.name for pattern in run.workload.patterns)
