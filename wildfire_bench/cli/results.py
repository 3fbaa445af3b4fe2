"""``wildfire-bench results``: the kept runs, one of them, or two beside each other."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Annotated, Any, get_args

import typer

from wildfire_bench.bench.matrix.lane_checks import lane_checks_of
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.results.store import STORE, find_run, read_run, stored_runs
from wildfire_bench.bench.statistics import Summary, round_median_interval, summarise
from wildfire_bench.bench.verdicts.compare import RunPair, compare
from wildfire_bench.bench.verdicts.quantities import UNITS, Quantity, rounds_of, samples_of
from wildfire_bench.cli.bench_run import StoreOption
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.errors import InvalidParameter

__all__ = ["app"]

app = typer.Typer(
    help="List, show and compare the runs that were kept.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench results list",
)

RunArgument = Annotated[
    str, typer.Argument(help="Id of a run, its beginning, newest or reference.")
]


@app.command("list")
def list_runs(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """List all runs, newest first.

    Example: wildfire-bench results list
    """
    runs = stored_runs(store)
    if as_json:
        print(json.dumps([{**asdict(run), "folder": str(run.folder)} for run in runs], indent=2))
        return
    for run in runs:
        origin = "  (reference)" if run.reference else ""
        print(f"{run.id}  {run.workload}, {run.rounds} rounds  {run.machine}{origin}")


@app.command()
def show(name: RunArgument, store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Show the medians of a run, with what it was measured on.

    Example: wildfire-bench results show newest
    """
    results = read_run(find_run(name, store))
    rows = _summaries(results)
    if as_json:
        said: dict[str, Any] = {
            "started": results.started,
            "environment": asdict(results.environment),
            "workload": asdict(results.workload),
            "scene": asdict(results.scene),
            "notes": results.notes,
            "wire": [asdict(count) for count in results.wire],
            "medians": [
                {"quantity": quantity, "name": name, **asdict(summary)}
                for quantity, name, summary in rows
            ],
        }
        print(json.dumps(said, indent=2))
        return
    print(f"{results.started}, {results.scene.name}, {results.scene.size_bytes:,} bytes")
    print(f"{results.environment.summary}, commit {results.environment.commit or 'unknown'}")
    for quantity, variant, summary in rows:
        spread = f"{summary.low:,.2f} to {summary.high:,.2f}, n {summary.n}"
        if summary.interval is not None:
            low, high = summary.interval.low, summary.interval.high
            spread = f"[{low:,.2f} to {high:,.2f}], samples {spread}"
        print(f"{quantity:<17} {variant:<25} {summary.median:>10,.2f} {UNITS[quantity]} ({spread})")
    for count in results.wire:
        print(
            f"{'by proxy':<17} {count.variant:<25} {count.sent_bytes:>12,} bytes to the brokers "
            f"(librdkafka: {count.client_bytes:,}), {count.received_bytes:,} to the consumer"
        )
    for note in results.notes:
        print(f"note: {note}")


@app.command("compare")
def compare_runs(
    first: RunArgument,
    second: RunArgument,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs of one machine: every ratio with its interval, and every claim.

    Runs of different machines, brokers or images are refused.

    Example: wildfire-bench results compare reference newest
    """
    kept = find_run(first, store), find_run(second, store)
    if kept[0].folder == kept[1].folder:
        msg = f"{first} and {second} are one run, {kept[0].id}: name two, see `results list`"
        raise InvalidParameter(msg)
    lanes = lane_checks_of(kept[0]), lane_checks_of(kept[1])
    pair = compare(read_run(kept[0]), read_run(kept[1]), lanes)
    if as_json:
        said = asdict(pair)
        said["flips"] = [claim.name for claim in pair.claims if claim.flips]
        print(json.dumps(said, indent=2))
        return
    _print(pair)


def _summaries(results: BenchRun) -> list[tuple[Quantity, str, Summary]]:
    names = [variant.name for variant in results.variants]
    paths = dict.fromkeys(sample.path for sample in results.serialization)
    return [
        (quantity, name, replace(summarise(samples), interval=round_median_interval(rounds)))
        for quantity in get_args(Quantity)
        for name in (paths if quantity == "serialization_ms" else names)
        if (rounds := rounds_of(results, quantity, name))
        and (samples := samples_of(results, quantity, name))
    ]


def _print(pair: RunPair) -> None:
    for change in pair.changes:
        said = "too few rounds for an interval"
        if change.ratio is not None:
            said = f"{change.ratio.value:.3f} [{change.ratio.low:.3f} to {change.ratio.high:.3f}]"
        print(f"{change.quantity:<17} {change.name:<25} {said}  {change.outcome}")
    for difference in pair.differences:
        print(f"not the same: {difference}")
    flips = [claim for claim in pair.claims if claim.flips]
    for claim in flips:
        print(f"{claim.name}: {claim.first.value} before, {claim.second.value} now")
    print(f"{len(pair.claims)} claims, {len(flips)} with another verdict")
