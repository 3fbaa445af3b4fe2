"""``wildfire-bench claims``: the guide's numbers, each with what was measured and a verdict."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from wildfire_bench.bench.matrix.lane_checks import lane_checks, lane_checks_of, newest_lanes
from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.results.store import STORE, StoredRun, find_run, read_run
from wildfire_bench.bench.verdicts.judging import Finding, judge_all
from wildfire_bench.cli.bench_run import StoreOption, measure_for_claims
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.stack.opening import KindChoice

__all__ = ["claims"]


def claims(
    *,
    results: Annotated[
        str, typer.Option(help="Id of a stored run, its beginning, newest or reference.")
    ] = "newest",
    run: Annotated[
        str | None,
        typer.Option(
            help="Measure first, images and small records: smoke, quick or full.",
            show_default=False,
        ),
    ] = None,
    stack: Annotated[
        KindChoice, typer.Option(help="With --run: auto, embedded, compose or external.")
    ] = "auto",
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Set each number of the guide beside the measured one.

    Each gets a verdict: holds, holds in part, does not hold, or not measured, with the reason.

    Verdicts are computed from the raw samples of a stored run: the newest with rounds enough for
    intervals, which is the reference run that comes with the package until one is measured here.

    Example: wildfire-bench claims --json
    """
    chosen = find_run(results, store) if run is None else measure_for_claims(run, stack, store)
    own = lane_checks_of(chosen)
    lanes = None if own else newest_lanes(store)
    checks = own if lanes is None else lane_checks(lanes)
    findings = judge_all(read_run(chosen), checks)
    if as_json:
        said = {
            "run": _describe(chosen),
            "small_records": None if lanes is None else _describe_lanes(lanes),
            "claims": [_document(each) for each in findings],
        }
        print(json.dumps(said, indent=2))
        return
    for finding in findings:
        print(f"“{finding.claim.words}” ({finding.claim.section})")
        print(f"    {finding.verdict.value}: {finding.sentence}")
    origin = "reference run" if chosen.reference else "run"
    print(f"From {origin} {chosen.id} on {chosen.machine}.")
    if lanes is not None:
        other = _describe_lanes(lanes)
        print(f"Small records from another run, of {other['started']} on {other['machine']}.")


def _describe(run: StoredRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "started": run.started,
        "workload": run.workload,
        "rounds": run.rounds,
        "machine": run.machine,
        "commit": run.commit,
        "reference": run.reference,
    }


def _describe_lanes(lanes: MatrixResult) -> dict[str, Any]:
    machine = lanes.environment
    return {
        "started": lanes.started,
        "rounds": lanes.workload.rounds,
        "machine": f"{machine.cores} × {machine.cpu}",
        "commit": machine.commit,
    }


def _document(finding: Finding) -> dict[str, Any]:
    claim = finding.claim
    return {
        "name": claim.name,
        "section": claim.section,
        "words": claim.words,
        "how": claim.how,
        "kind": claim.kind,
        "unit": claim.unit,
        "low": claim.low,
        "high": claim.high,
        "measured": None if finding.measured is None else asdict(finding.measured),
        "n": finding.samples,
        "verdict": finding.verdict.value,
        "scenes": [asdict(scene) for scene in finding.scenes],
        "sentence": finding.sentence,
    }
