"""The tables of the before/after report: claims first, then every measured number."""

from __future__ import annotations

import html
from collections.abc import Sequence

from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.statistics import Interval, summarise
from wildfire_bench.bench.verdicts.judging import MAIN_KIND, Finding, Verdict
from wildfire_bench.bench.verdicts.quantities import MB, samples_of
from wildfire_bench.bench.workloads.drivers import ACROSS_SCENES, Driver, read_driver
from wildfire_bench.report.fragments import Cell, Fragment, Raw, table, unbroken, with_code

__all__ = ["measured_table", "scenes_table", "verdict_badge", "verdict_table"]

# Sign and word say it too: colour alone would leave some readers out.
_SIGNS = {
    Verdict.HOLDS: ("✓", "holds"),
    Verdict.IN_PART: ("◐", "part"),
    Verdict.FAILS: ("✗", "fails"),
    Verdict.NOT_MEASURED: ("–", "unknown"),
}
_NONE = "–"


def verdict_table(findings: Sequence[Finding]) -> Fragment:
    """Set every number of the guide beside the measured one, with the verdict and why."""
    rows: list[list[Cell]] = [
        [
            Raw(
                f"“{html.escape(finding.claim.words)}”"
                f'<br><span class="where">{html.escape(finding.claim.section)}: '
                f"{html.escape(finding.claim.how)}</span>",
                f"“{finding.claim.words}” ({finding.claim.section})",
            ),
            _measured(finding),
            verdict_badge(finding.verdict),
            with_code(finding.sentence),
        ]
        for finding in findings
    ]
    return table(
        "The guide's numbers, and what was measured (95 % intervals in brackets)",
        ("The guide says", "Measured", "Verdict", "Why"),
        rows,
    )


def measured_table(results: BenchRun) -> Fragment:
    """List every variant's medians with their spread and number of samples."""
    return table(
        "Medians; latency with its smallest and largest sample, CPU time with the kernel's part",
        (
            "Variant",
            "Stored, MB",
            "Sent, MB",
            "End to end, ms (range; n)",
            "Producer, CPU s/GB (kernel)",
            "Broker",
            "Consumer",
            "Records",
        ),
        [_measured_row(results, variant) for variant in results.variants],
        numeric=True,
    )


def scenes_table(results: BenchRun) -> Fragment | None:
    """List what images of other kinds take on the broker's disk; None if none were sent."""
    if not results.scenes:
        return None
    main = [_main_cell(results, name) for name in ACROSS_SCENES]
    rows: list[list[Cell]] = [[f"{MAIN_KIND} ({results.scene.name})", *main]]
    for kind in dict.fromkeys(size.kind for size in results.scenes):
        sizes = {size.variant: size for size in results.scenes if size.kind == kind}
        name = next(iter(sizes.values())).scene
        cells = [_share(sizes[v].stored_bytes, sizes[v].size_bytes) for v in ACROSS_SCENES]
        rows.append([f"{kind} ({name})", *cells])
    return table(
        "Bytes on the broker's disk, % of the image's own, by kind of pixels",
        ("Pixels", *(read_driver(name).label for name in ACROSS_SCENES)),
        rows,
        numeric=True,
    )


def _main_cell(results: BenchRun, name: str) -> str:
    samples = samples_of(results, "stored_mb", name)
    return _share(summarise(samples).median * MB if samples else None, results.scene.size_bytes)


def _share(stored_bytes: float | None, size_bytes: int) -> str:
    return _NONE if stored_bytes is None else f"{100 * stored_bytes / size_bytes:.0f}"


def _measured_row(results: BenchRun, variant: Driver) -> list[Cell]:
    name = variant.name
    latencies = results.end_to_end_ms(name)
    latency = _NONE
    if latencies:
        summary = summarise(latencies)
        latency = f"{summary.median:,.0f} ({summary.low:,.0f}–{summary.high:,.0f}; {summary.n})"
    records = {s.records for s in results.samples if s.variant == name and s.records is not None}
    return [
        variant.label,
        _median(samples_of(results, "stored_mb", name), 2),
        _median(samples_of(results, "wire_mb", name), 2),
        latency,
        *(_cpu(results, name, process) for process in ("producer", "broker", "consumer")),
        ", ".join(str(count) for count in sorted(records)) or _NONE,
    ]


def _cpu(results: BenchRun, name: str, process: str) -> str:
    """Give CPU seconds per GB, and the kernel's part where it is known."""
    system = results.system_cpu_s_per_gb(name, process)
    part = f" ({_median(system, 1)})" if system else ""
    return f"{_median(results.cpu_s_per_gb(name, process), 2)}{part}"


def _median(samples: Sequence[float], digits: int) -> str:
    return f"{summarise(samples).median:,.{digits}f}" if samples else _NONE


def _measured(finding: Finding) -> Cell:
    interval = finding.measured
    if interval is None:
        return _NONE
    if finding.claim.is_reduction:
        return unbroken(*_reduction(interval), f"n = {finding.samples}")
    if finding.claim.kind == "yes":
        return "yes" if interval.value else "no"
    if finding.claim.quantity is None:
        return unbroken(f"{interval.value:,.3g} {finding.claim.unit},", "n = 1")
    digits = 1 if interval.value < 100 else 0
    return unbroken(
        f"{interval.value:,.{digits}f} {finding.claim.unit}",
        f"[{interval.low:,.{digits}f} to {interval.high:,.{digits}f}],",
        f"n = {finding.samples}",
    )


def _reduction(interval: Interval) -> tuple[str, str]:
    """Give the value and its interval."""
    said = f"{interval.value:.0f} % less"
    if interval.value < 0:
        said = f"{-interval.value:.0f} % more"
    return said, f"[{interval.low:.0f} to {interval.high:.0f}],".replace("[-", "[−")


def verdict_badge(verdict: Verdict) -> Raw:
    """Make a verdict told by sign and word."""
    sign, kind = _SIGNS[verdict]
    return Raw(
        f'<span class="badge {kind}"><span aria-hidden="true">{sign} </span>{verdict.value}</span>',
        verdict.value,
    )
