"""``wildfire-bench bench``: measurements whose figures the documentation quotes."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from wildfire_bench.cli.bench_codecs import codecs
from wildfire_bench.cli.bench_matrix import matrix
from wildfire_bench.cli.bench_run import bench_drivers, bench_workloads, run
from wildfire_bench.cli.options import JsonOption
from wildfire_bench.compression import choose_codec
from wildfire_bench.settings import CodecChoice, DataType, Settings
from wildfire_bench.stack import open_stack
from wildfire_bench.stack.opening import KindChoice

if TYPE_CHECKING:
    from wildfire_bench.bench.routes.result import RoutesResult

__all__ = ["app"]

app = typer.Typer(
    help="Measure routes, codecs and lanes on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench bench routes --rounds 3",
)

StackOption = Annotated[
    KindChoice, typer.Option(help="auto, embedded, compose or external: what Kafka runs on.")
]


@app.callback()
def _measurements() -> None:
    """Every figure is a ratio of things measured in one run."""


app.command()(codecs)
app.command()(matrix)
app.command()(run)
app.command("workloads")(bench_workloads)
app.command("drivers")(bench_drivers)


@app.command()
def routes(
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Times each variant runs.")] = 7,
    size_mb: Annotated[
        float, typer.Option(min=20.1, max=100, help="Size of the scene, 1,000,000 bytes each.")
    ] = 30,
    codec: Annotated[
        str | None, typer.Option(help="Codec of the chunks, such as predictive or zstd.")
    ] = None,
    level: Annotated[int | None, typer.Option(help="Level of that codec.")] = None,
    chunk_mb: Annotated[
        float | None,
        typer.Option(min=0.1, max=64, help="Size of a chunk, 1,000,000 bytes each."),
    ] = None,
    link_mbit: Annotated[
        float | None,
        typer.Option(min=100, max=100_000, help="Width of a link to the brokers, Mbit/s each way."),
    ] = None,
    stack: StackOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Compare the chunked route with one raw message, and with a loop that does no more.

    Example: wildfire-bench bench routes --rounds 3
    """
    from wildfire_bench.bench.routes.measuring import measure_routes
    from wildfire_bench.bench.routes.result import RoutesPlan

    choice = None if codec is None else _checked(codec, level)
    plan = RoutesPlan(
        rounds=rounds,
        size_bytes=int(size_mb * 1e6),
        chunk_bytes=None if chunk_mb is None else int(chunk_mb * 1e6),
        link_mbit_per_s=link_mbit,
    )
    with open_stack(stack, s3=False) as running:
        result = measure_routes(
            running,
            plan,
            codec=choice,
            progress=lambda line: typer.echo(line, err=True),
        )
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=2))
        return
    _show(result)


def _show(result: RoutesResult) -> None:
    from wildfire_bench.bench.routes.result import VARIANTS
    from wildfire_bench.bench.routes.stages import STAGES

    link = result.plan.link_mbit_per_s
    typer.echo(
        f"{result.dataset}, {result.size_bytes:,} bytes, chunks of {result.chunk_bytes:,} with "
        f"{result.codec}{'' if link is None else f', over a link of {link:g} Mbit/s'}"
    )
    typer.echo(result.environment.summary)
    for note in result.notes:
        typer.echo(f"note: {note}")
    for name, ratio in result.ratios().items():
        spread = "" if ratio.get("low") is None else f" [{ratio['low']:.2f}, {ratio['high']:.2f}]"
        reached = "reached" if ratio["reached"] else "missed"
        typer.echo(
            f"{name}: {ratio['value']:.2f}{spread} (goal {ratio['bound']:g}: {reached}, "
            f"n {ratio['n']})"
        )
    first = ", ".join(
        f"{variant} {median(result.values(variant, 'first_image_ms')):.0f}" for variant in VARIANTS
    )
    typer.echo(f"first image of two new processes, ms: {first}")
    typer.echo(f"where the milliseconds of an image go, medians of {len(result.all_stages())}:")
    for name, value in result.stages().items():
        typer.echo(f"{value:8.1f} ms  {STAGES[name]}")


def _checked(codec: str, level: int | None) -> CodecChoice:
    """Refuse a codec or level that does not exist before Kafka starts."""
    choice = CodecChoice(codec=codec, level=level)
    matrix = {DataType.SATELLITE_IMAGERY: choice}
    choose_codec(DataType.SATELLITE_IMAGERY, Settings(compression_matrix=matrix))
    return choice
