"""What the notebooks measured, brought together: each part from its newest run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wildfire_bench.bench.matrix.lane_checks import lane_checks, newest_lanes, read_lanes
from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.verdicts import judge_matrix
from wildfire_bench.bench.results.bench_run import BenchRun, load_results
from wildfire_bench.bench.results.store import newest_run, read_run, stored_runs
from wildfire_bench.bench.verdicts.findings import Finding
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.bench.workloads.drivers import ROUTE_DRIVERS
from wildfire_bench.report.fragments import Cell, Fragment, paragraph, table
from wildfire_bench.report.matrix_tables import matrix_verdicts

__all__ = ["JoinedRuns", "join_runs", "missing", "promises_table", "sources_table"]

_T = TypeVar("_T")
_RESULTS = "results.json"


@dataclass(frozen=True, slots=True)
class JoinedRuns:
    """Runs of all notebooks that measure the guide's claims."""

    before_after: BenchRun
    routing: BenchRun | None
    """None where none is kept."""
    lanes: MatrixResult | None
    """The same."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every claim of the register, small records with them."""
        checks = () if self.lanes is None else lane_checks(self.lanes)
        return judge_all(self.before_after, checks)

    def of_routing(self, show: Callable[[BenchRun], _T]) -> _T | None:
        """Show something of the routes; None without a run."""
        return None if self.routing is None else show(self.routing)

    def of_lanes(self, show: Callable[[MatrixResult], _T]) -> _T | None:
        """Show something of small records; None without a run."""
        return None if self.lanes is None else show(self.lanes)


def join_runs(runs: Path, store: Path) -> JoinedRuns:
    """Find the newest run of each part.

    Parameters
    ----------
    runs
        Folder of the notebooks' own runs, one folder each by their names.
    store
        Of kept runs, used where a notebook has left none.

    Raises
    ------
    BenchmarkError
        If a file cannot be read.
    """
    before_after, routing, lanes = (
        runs / name / _RESULTS for name in ("before_after", "routing", "compression_matrix")
    )
    return JoinedRuns(
        load_results(before_after) if before_after.exists() else read_run(newest_run(store)),
        load_results(routing) if routing.exists() else _newest_routing(store),
        read_lanes(lanes) if lanes.exists() else newest_lanes(store),
    )


def promises_table(lanes: MatrixResult) -> Fragment:
    """Set the promises of the compression matrix beside what was measured."""
    return matrix_verdicts(judge_matrix(lanes))


def missing(notebook: str) -> Fragment:
    """Say that there is no run of a notebook, and the command for one."""
    return paragraph(f"Not measured yet: wildfire-bench notebooks run {notebook}")


def sources_table(parts: JoinedRuns) -> Fragment:
    """Say of each part when and on what it was measured, and the command that does it again."""
    found = {
        "before_after": parts.before_after,
        "routing": parts.routing,
        "compression_matrix": parts.lanes,
    }
    rows: list[list[Cell]] = []
    for name, run in found.items():
        command = f"wildfire-bench notebooks run {name}"
        if run is None:
            rows.append([name, "not measured", "–", "–", command])
            continue
        machine = run.environment
        seconds = f"{run.duration_s:.0f} s"
        rows.append([name, run.started, seconds, f"{machine.cores} × {machine.cpu}", command])
    return table(
        "Runs that this page is made of",
        ("Notebook", "Started (UTC)", "Took", "Machine", "Command"),
        rows,
    )


def _newest_routing(store: Path) -> BenchRun | None:
    needed = set(ROUTE_DRIVERS)
    kept = next((run for run in stored_runs(store) if needed <= set(run.drivers)), None)
    return None if kept is None else read_run(kept)
