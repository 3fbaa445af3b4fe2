"""``wildfire-bench report``: run the before/after notebook and write the report."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.bench.results import load_results
from wildfire_bench.bench.store import STORE, append_run
from wildfire_bench.bench.verdicts import judge_all
from wildfire_bench.bench.workload import workload
from wildfire_bench.cli.bench_run import StoreOption
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.report.notebooks import run_notebook
from wildfire_bench.report.page import build_report
from wildfire_bench.report.sentences import headline_figures
from wildfire_bench.stack.opening import KindChoice

__all__ = ["report"]

OUT = Path("build/report")
NOTEBOOK = "before_after"
TITLE = "Wildfire Bench: satellite images through Kafka, before and after"


def report(
    profile: Annotated[
        str, typer.Option(help="smoke (seconds), quick (about 3 minutes) or full (about 15).")
    ] = "quick",
    stack: Annotated[
        KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
    ] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for index.html and what it is made of.")] = OUT,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Measure before and after on real Kafka; write a report.

    Example: wildfire-bench report --profile smoke
    """
    workload(profile)  # refused here rather than in a kernel
    started = time.monotonic()

    def say(line: str) -> None:
        typer.echo(f"{time.monotonic() - started:5.0f} s  {line}", err=as_json)

    say("starting Kafka and a notebook kernel")
    run = run_notebook(
        NOTEBOOK, {"profile": profile, "stack": stack}, out / "notebooks" / NOTEBOOK, progress=say
    )
    page = build_report([run.path], out / "index.html", title=TITLE)
    results = load_results(run.out_dir / "results.json")
    kept = append_run(results, store)
    findings = judge_all(results)
    if as_json:
        said = {
            "report": str(page),
            "results": str(run.out_dir / "results.json"),
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
