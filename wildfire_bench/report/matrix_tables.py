"""The tables and sentences of the compression matrix for small records."""

from __future__ import annotations

from collections.abc import Sequence

from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.verdicts import LaneFinding
from wildfire_bench.bench.matrix.workload import VARIANTS
from wildfire_bench.bench.statistics import summarise
from wildfire_bench.bench.verdicts.judging import Verdict
from wildfire_bench.report.fragments import Cell, Fragment, box, paragraph, table
from wildfire_bench.report.matrix_plots import LANE_LABELS
from wildfire_bench.report.tables import verdict_badge
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

__all__ = ["matrix_headline", "matrix_limits", "matrix_verdicts", "stored_table"]


def matrix_headline(findings: Sequence[LaneFinding]) -> Fragment:
    """Say how many promises hold."""
    counts = {verdict: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
    parts = [f"{verdict.value}: {count}" for verdict, count in counts.items() if count]
    return paragraph(f"{len(findings)} promises for small records. {', '.join(parts)}.")


def matrix_verdicts(findings: Sequence[LaneFinding]) -> Fragment:
    """Set every promise beside the measured value, with the verdict and why."""
    rows: list[list[Cell]] = [
        [
            LANE_LABELS[each.data_type],
            f"“{each.promise}”",
            _measured(each),
            verdict_badge(each.verdict),
            each.sentence,
        ]
        for each in findings
    ]
    return table(
        "The guide's promises, and what was measured (95 % intervals in brackets)",
        ("Lane", "The guide says", "Measured", "Verdict", "Why"),
        rows,
    )


def stored_table(result: MatrixResult) -> Fragment:
    """List disk and latency of every lane with every codec."""
    rows: list[list[Cell]] = []
    for lane in LANE_PLANS:
        for variant, label in VARIANTS.items():
            stored = result.stored_lane(lane, variant)
            summary = summarise(result.round_medians_ms(lane, variant))
            rows.append(
                [
                    f"{LANE_LABELS[lane]}, {label}",
                    f"{stored.value_bytes / 1e6:.2f}",
                    f"{stored.stored_bytes / 1e6:.2f}",
                    f"{stored.value_bytes / stored.stored_bytes:.2f}",
                    f"{summary.median:.1f} ({summary.low:.1f} to {summary.high:.1f}, {summary.n})",
                ]
            )
    return table(
        "Bytes on the brokers' disks, keys, headers and batch heads included; latency by rounds",
        ("Lane and codec", "JSON, MB", "On disk, MB", "Ratio", "Latency, ms (range, rounds)"),
        rows,
        numeric=True,
    )


def matrix_limits(result: MatrixResult) -> Fragment:
    """Say what the figures depend on."""
    loads = [run.image_mb_per_s for run in result.alerts if run.images_in_flight]
    beside = (
        f"Images beside the alerts: {min(loads):.0f} to {max(loads):.0f} MB/s of raw image, "
        "sent, stored, received and verified on the same cores."
    )
    return box(
        "What these figures depend on",
        [
            result.environment.summary,
            beside,
            "One broker on the same machine: no network between, one copy of each record.",
            *result.notes,
        ],
    )


def _measured(finding: LaneFinding) -> str:
    interval = finding.measured
    if interval is None:
        return "–"
    if interval.low == interval.high:
        return f"{interval.value:.1f} {finding.unit}"
    return (
        f"{interval.value:.1f} {finding.unit} [{interval.low:.1f} to {interval.high:.1f}], "
        f"n = {finding.samples:,}"
    )
