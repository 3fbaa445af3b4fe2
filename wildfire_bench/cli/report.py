"""``wildfire-bench report``: run the before/after notebook and write the report."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.bench.matrix.lane_checks import keep_matrix, lane_checks, read_lanes
from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.results.bench_run import load_results
from wildfire_bench.bench.results.store import STORE, append_run
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.bench.workloads.workload import profile_workload
from wildfire_bench.cli.bench_run import StoreOption
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.report.notebooks import NotebookRun, run_notebook
from wildfire_bench.report.page import build_report
from wildfire_bench.report.sentences import headline_figures
from wildfire_bench.stack.opening import KindChoice

__all__ = ["report"]

OUT = Path("build/report")
NOTEBOOK = "before_after"
MORE_NOTEBOOKS = ("compression_matrix", "routing")
JOINED = "report"
TITLE = "Wildfire Bench: satellite images through Kafka, before and after"


def report(
    profile: Annotated[
        str, typer.Option(help="smoke (seconds), quick (about 3 minutes) or full (half an hour).")
    ] = "quick",
    stack: Annotated[
        KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
    ] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for index.html and what it is made of.")] = OUT,
    everything: Annotated[
        bool, typer.Option("--all", help="Measure routes and small records, too: thrice as long.")
    ] = False,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Measure before and after on real Kafka; write a report.

    Example: wildfire-bench report --profile smoke
    """
    profile_workload(profile)  # refused here rather than in a kernel
    store.mkdir(parents=True, exist_ok=True)  # and here rather than once all is measured
    started = time.monotonic()

    def say(line: str) -> None:
        typer.echo(f"{time.monotonic() - started:5.0f} s  {line}", err=as_json)

    say("starting Kafka and a notebook kernel")
    names = (NOTEBOOK, *MORE_NOTEBOOKS) if everything else (NOTEBOOK,)
    parameters = {"profile": profile, "stack": stack}
    runs = {
        name: run_notebook(name, parameters, out / "notebooks" / name, progress=say)
        for name in names
    }
    if everything:
        where = {"runs": str((out / "notebooks").resolve()), "store": str(store.resolve())}
        joined = run_notebook(JOINED, where, out / "notebooks" / JOINED, progress=say)
    shown = joined if everything else runs[NOTEBOOK]
    page = build_report([shown.path], out / "index.html", title=TITLE)
    raw = runs[NOTEBOOK].out_dir / "results.json"
    results = load_results(raw)
    kept = append_run(results, store)
    lanes = _lanes(runs)
    if lanes is not None:
        keep_matrix(lanes, store, kept.id)
    findings = judge_all(results, () if lanes is None else lane_checks(lanes))
    if as_json:
        said = {
            "report": str(page),
            "results": str(raw),
            "run": kept.id,
            "seconds": time.monotonic() - started,
            "failed_images": len(results.failures()),
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        print(json.dumps(said, indent=2))
        return
    for line in headline_figures(results, findings):
        print(line)
    print(f"Report: {page}")


def _lanes(runs: Mapping[str, NotebookRun]) -> MatrixResult | None:
    """Read what was measured of small records; None where it was not."""
    run = runs.get("compression_matrix")
    return None if run is None else read_lanes(run.out_dir / "results.json")
