"""``wildfire-bench bench matrix``: the guide's compression matrix for small records, measured."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.bench.results.store import STORE
from wildfire_bench.cli.bench_run import StoreOption
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.stack import open_stack
from wildfire_bench.stack.opening import KindChoice

__all__ = ["matrix"]


def matrix(
    profile: Annotated[
        str, typer.Option(help="smoke (seconds), quick (about 2 minutes) or full (about 6).")
    ] = "quick",
    stack: Annotated[
        KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Where to write every raw sample, as JSON.")
    ] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Hold alerts, readings, detections and weather fields against the guide's promises.

    Example: wildfire-bench bench matrix --profile smoke --json
    """
    from wildfire_bench.bench.matrix.lane_checks import keep_matrix
    from wildfire_bench.bench.matrix.measuring import measure_matrix
    from wildfire_bench.bench.matrix.results import save_matrix
    from wildfire_bench.bench.matrix.verdicts import judge_matrix
    from wildfire_bench.bench.matrix.workload import matrix_workload

    work = matrix_workload(profile)
    store.mkdir(parents=True, exist_ok=True)  # refused here rather than once all is measured
    with open_stack(stack, s3=False) as running:
        result = measure_matrix(running, work, progress=lambda line: typer.echo(line, err=True))
    kept = keep_matrix(result, store)
    if out is not None:
        save_matrix(result, out)
    findings = judge_matrix(result)
    if as_json:
        said = {
            "kept": str(kept),
            "started": result.started,
            "duration_s": result.duration_s,
            "environment": dataclasses.asdict(result.environment),
            "notes": list(result.notes),
            "findings": [dataclasses.asdict(each) for each in findings],
        }
        print(json.dumps(said, indent=2))
        return
    print(result.environment.summary)
    for note in result.notes:
        print(f"note: {note}")
    for each in findings:
        print(f"{each.data_type}: {each.promise}: {each.verdict}. {each.sentence}")
