"""``wildfire-bench bench run``: measure before and after, and keep the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.bench.store import STORE, StoredRun
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.stack import open_stack
from wildfire_bench.stack.opening import KindChoice

__all__ = ["StoreOption", "measure_and_keep", "run"]

StoreOption = Annotated[Path, typer.Option(help="Folder in which runs are kept.")]


def run(
    profile: Annotated[
        str, typer.Option(help="smoke (seconds), quick (about 3 minutes) or full (about 15).")
    ] = "quick",
    stack: Annotated[
        KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
    ] = "auto",
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Carry a real scene through Kafka in every way; keep all raw samples.

    Example: wildfire-bench bench run --profile quick
    """
    kept = measure_and_keep(profile, stack, store)
    if as_json:
        print(json.dumps({"id": kept.id, "folder": str(kept.folder), "machine": kept.machine}))
        return
    print(f"{kept.id}: see `wildfire-bench results show {kept.id}` and `wildfire-bench claims`")


def measure_and_keep(profile: str, stack: KindChoice, store: Path) -> StoredRun:
    """Measure a profile on a stack and append it to a store; progress goes to standard error."""
    from wildfire_bench.bench.runner import measure_before_after
    from wildfire_bench.bench.store import append_run
    from wildfire_bench.bench.workload import workload

    work = workload(profile)

    def tell(done: int, total: int, note: str) -> None:
        typer.echo(f"[{done}/{total}] {note}", err=True)

    with open_stack(stack, s3=False) as servers:
        results = measure_before_after(servers, work, progress=tell)
    return append_run(results, store)
