"""What the README says of the reference run: written from its samples, never by hand."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.statistics import round_median_interval, summarise
from wildfire_bench.bench.verdicts.findings import Finding, Verdict
from wildfire_bench.bench.verdicts.quantities import UNITS, Quantity, rounds_of, samples_of
from wildfire_bench.bench.workloads.drivers import AFTER, BEFORE
from wildfire_bench.errors import BenchmarkError

__all__ = ["reference_section", "with_reference_section"]

BEGIN: Final = "<!-- What the reference run measured: written by `make reference`. -->"
END: Final = "<!-- End of what is written. -->"
WIDTH: Final = 102
_COLUMNS: Final = {
    BEFORE: "Base64 JSON",
    AFTER: "Binary + zstd 1",
    "binary_predictive_app": "Binary + predictive",
}
_ROWS: Final[dict[Quantity, tuple[str, int]]] = {
    "stored_mb": ("on the broker's disk", 1),
    "wire_mb": ("on the wire", 1),
    "end_to_end_ms": ("intended send to verified image", 0),
    "cpu_s_per_gb": ("CPU of producer, broker and consumer", 1),
}
"""Words and decimal places."""
_UNIT_WORDS: Final = {"CPU s/GB": "s/GB"}
_CLAIM: Final = "storage"
"""Whose sentence follows: the one that readers ask about first."""


def reference_section(results: BenchRun, findings: Sequence[Finding]) -> str:
    """Write the README's section.

    Parameters
    ----------
    results
        The reference run.
    findings
        Every claim, as judged by it.
    """
    size_mb = results.scene.size_bytes / 1e6
    opening = (
        f"What the reference run measured for one Sentinel-2 scene of {size_mb:.1f} MB, medians, "
        "[95 % interval], n samples (`wildfire-bench results show reference`; `make report` "
        "measures it here):"
    )
    table = [
        f"| | {' | '.join(_COLUMNS.values())} |",
        f"|{'---|' * (1 + len(_COLUMNS))}",
        *(
            f"| {words} | {' | '.join(_cell(results, row, name) for name in _COLUMNS)} |"
            for row, (words, _) in _ROWS.items()
        ),
    ]
    return "\n".join(
        [_wrapped(opening), "", *table, "", _wrapped(f"{_source(results)} {_outcome(findings)}")]
    )


def with_reference_section(text: str, section: str) -> str:
    """Put the section between its marks in the README.

    Raises
    ------
    BenchmarkError
        If a mark is missing.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        msg = f"the README must have {BEGIN} and {END} once each, around what is written"
        raise BenchmarkError(msg)
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n\n{section}\n\n{END}{rest.split(END)[1]}"


def _cell(results: BenchRun, quantity: Quantity, name: str) -> str:
    samples = samples_of(results, quantity, name)
    if not samples:
        return "not measured"
    digits = _ROWS[quantity][1]
    unit = _UNIT_WORDS.get(UNITS[quantity], UNITS[quantity])
    interval = round_median_interval(rounds_of(results, quantity, name))
    spread = ""
    if interval is not None and quantity not in {"stored_mb", "wire_mb"}:
        spread = f" [{interval.low:,.{digits}f}, {interval.high:,.{digits}f}]"
    return f"{summarise(samples).median:,.{digits}f} {unit}{spread}, n {len(samples)}"


def _source(results: BenchRun) -> str:
    machine = results.environment
    day = datetime.fromisoformat(results.started)
    busy = f" {' '.join(results.notes)}" if results.notes else ""
    system = machine.system.split()[0]
    return (
        f"Profile `{results.workload.name}`, {day.day} {day:%B %Y}, {machine.cores} cores of "
        f"{machine.cpu}, {machine.memory_bytes / 2**30:.0f} GiB, {system}, Python "
        f"{machine.python}, {machine.kafka}.{busy}"
    )


def _outcome(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.verdict for finding in findings)
    words = {
        Verdict.HOLDS: "hold",
        Verdict.IN_PART: "hold in part",
        Verdict.FAILS: "do not hold",
        Verdict.NOT_MEASURED: "are not measured",
    }
    said = ", ".join(f"{counts[each]} {words[each]}" for each in Verdict if counts[each])
    why = next(each for each in findings if each.claim.name == _CLAIM)
    return (
        f"Of the guide's {len(findings)} claims {said} (`wildfire-bench claims` lists them). "
        f"“{why.claim.words}” {why.verdict.value}: {why.sentence}"
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
