"""``wildfire-bench bench run``: measure a workload by drivers, and keep the run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wildfire_bench.bench.results.store import STORE, StoredRun
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.stack import open_stack
from wildfire_bench.stack.opening import KindChoice

if TYPE_CHECKING:
    from wildfire_bench.bench.measurements import Sample
    from wildfire_bench.bench.workloads.drivers import Driver
    from wildfire_bench.bench.workloads.workload import Workload

__all__ = ["StoreOption", "bench_drivers", "bench_workloads", "measure_and_keep", "run"]

FAILED_STATUS = 1
"""Exit status when an image did not come through."""
StoreOption = Annotated[Path, typer.Option(help="Folder in which runs are kept.")]


def run(
    profile: Annotated[
        str | None,
        typer.Option(
            help="The workload smoke (20 s), quick (3 minutes) or full (half an hour).",
            show_default="quick",
        ),
    ] = None,
    workload: Annotated[
        str | None,
        typer.Option(help="Any workload: a name of `bench workloads`, or a YAML file."),
    ] = None,
    driver: Annotated[
        list[str] | None,
        typer.Option(
            help="A driver: a name of `bench drivers`, or a YAML file; may be repeated. Without "
            "it, the workload's own."
        ),
    ] = None,
    stack: Annotated[
        KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
    ] = "auto",
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Carry a real scene through Kafka in every way; keep all raw samples.

    The exit status is 1 when an image did not come through; it is among the samples.

    Example: wildfire-bench bench run --workload capacity --driver json_none --driver binary_none
    """
    from wildfire_bench.bench.workloads.drivers import drivers_named
    from wildfire_bench.bench.workloads.workload import profile_workload
    from wildfire_bench.bench.workloads.workload import workload as read_workload

    if profile is not None and workload is not None:
        msg = f"--profile {profile} and --workload {workload} both name a workload: give one"
        raise InvalidParameter(msg)
    work = profile_workload(profile) if profile else read_workload(workload or "quick")
    kept, failed = measure_and_keep(work, stack, store, drivers_named(driver or work.drivers))
    if as_json:
        told = {"id": kept.id, "folder": str(kept.folder), "machine": kept.machine}
        print(json.dumps({**told, "failed_images": len(failed)}))
    else:
        print(f"{kept.id}: see `wildfire-bench results show {kept.id}` and `wildfire-bench claims`")
    if failed:
        first = f"{failed[0].variant}, {failed[0].error}"
        typer.echo(f"{len(failed)} image(s) did not come through, the first: {first}", err=True)
        raise typer.Exit(FAILED_STATUS)


def measure_and_keep(
    work: Workload, stack: KindChoice, store: Path, drivers: Sequence[Driver] = ()
) -> tuple[StoredRun, list[Sample]]:
    """Measure a workload on a stack and append it to a store; progress goes to standard error.

    Returns
    -------
    tuple of (StoredRun, list of Sample)
        The second are the images that did not come through.
    """
    from wildfire_bench.bench.results.store import append_run
    from wildfire_bench.bench.run.runner import measure, needs_store

    store.mkdir(parents=True, exist_ok=True)  # refused here rather than once all is measured
    with open_stack(stack, s3=needs_store(work, drivers)) as servers:
        results = measure(servers, work, drivers, progress=_tell)
    return append_run(results, store), results.failures()


def measure_for_claims(profile: str, stack: KindChoice, store: Path) -> StoredRun:
    """Measure all that claims are about, on one stack: images, and small records in every lane."""
    from wildfire_bench.bench.matrix.lane_checks import keep_matrix
    from wildfire_bench.bench.matrix.measuring import measure_matrix
    from wildfire_bench.bench.matrix.workload import matrix_workload
    from wildfire_bench.bench.results.store import append_run
    from wildfire_bench.bench.run.runner import measure, needs_store
    from wildfire_bench.bench.workloads.workload import profile_workload

    work, lanes = profile_workload(profile), matrix_workload(profile)
    store.mkdir(parents=True, exist_ok=True)  # refused here rather than once all is measured
    with open_stack(stack, s3=needs_store(work)) as servers:
        results = measure(servers, work, progress=_tell)
        records = measure_matrix(servers, lanes, lambda line: typer.echo(line, err=True))
    kept = append_run(results, store)
    keep_matrix(records, store, kept.id)
    return kept


def bench_workloads(as_json: JsonOption = False) -> None:
    """List the workloads: what is carried, how often and at what pace.

    Example: wildfire-bench bench workloads
    """
    from dataclasses import asdict

    from wildfire_bench.bench.workloads.workload import workload, workload_names

    found = [workload(name) for name in workload_names()]
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        sizes = ", ".join(f"{size / 1e6:g}" for size in each.sizes)
        patterns = "; ".join(pattern.words for pattern in each.patterns)
        print(f"{each.name}: {each.purpose}")
        print(f"    {sizes} MB of {each.scene}; {patterns}; {each.supports}")


def bench_drivers(as_json: JsonOption = False) -> None:
    """List the drivers: the ways to carry an image.

    Example: wildfire-bench bench drivers
    """
    from dataclasses import asdict

    from wildfire_bench.bench.workloads.drivers import driver_names, drivers_named

    found = drivers_named(driver_names())
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        codec = each.compression if each.level is None else f"{each.compression} {each.level}"
        way = f"{each.form}, {codec} by {each.compressed_by}"
        print(f"{each.name}: {each.label} ({way}; route {each.route.replace('_', ' ')})")


def _tell(done: int, total: int, note: str) -> None:
    typer.echo(f"[{done}/{total}] {note}", err=True)
