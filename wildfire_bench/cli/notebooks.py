"""``wildfire-bench notebooks``: list and run the notebooks, and renew their .ipynb copies."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.cli.options import JsonOption
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.report.notebooks import notebook_parameters, run_notebook
from wildfire_bench.report.pairs import notebook_names, sync_notebooks

__all__ = ["app"]

app = typer.Typer(
    help="List and run the notebooks.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench notebooks run before_after -p profile smoke",
)

RUNS = Path("build/notebooks")


@app.command("list")
def list_notebooks(as_json: JsonOption = False) -> None:
    """List the notebooks and their parameters.

    Example: wildfire-bench notebooks list
    """
    found = {name: notebook_parameters(name) for name in notebook_names()}
    if as_json:
        print(
            json.dumps(
                {name: [dataclasses.asdict(each) for each in found[name]] for name in found},
                indent=2,
            )
        )
        return
    for name, parameters in found.items():
        print(name)
        for each in parameters:
            comment = f"  # {each.help}" if each.help else ""
            print(f"    {each.name}: {each.type} = {each.default}{comment}")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="As `notebooks list` has it.", show_default=False)],
    values: Annotated[
        list[str] | None,
        typer.Argument(hidden=True),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="KEY VALUE",
            help="A parameter and its value (KEY=VALUE too); may be repeated.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=f"Folder for the executed copy; {RUNS}/NAME without it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run a copy of a notebook; the notebook itself is not touched.

    Example: wildfire-bench notebooks run before_after -p profile smoke
    """
    done = run_notebook(
        name,
        _paired(parameters or [], values or []),
        out or RUNS / name,
        progress=lambda line: typer.echo(line, err=as_json),
    )
    if as_json:
        said = {"notebook": str(done.path), "seconds": done.seconds, "out": str(done.out_dir)}
        print(json.dumps(said, indent=2))
    else:
        print(f"{done.path} ({done.seconds:.0f} s)")


@app.command()
def sync() -> None:
    """Write the .ipynb beside each notebook source anew.

    Example: wildfire-bench notebooks sync
    """
    for path in sync_notebooks():
        print(f"wrote {path.name}")


def _paired(keys: list[str], values: list[str]) -> dict[str, str]:
    """Give each ``-p KEY`` the word behind it; the parser leaves those words as arguments."""
    whole = dict(key.split("=", 1) for key in keys if "=" in key)
    bare = [key for key in keys if "=" not in key]
    if len(bare) != len(values):
        msg = (
            f"{len(bare)} parameter(s) and {len(values)} value(s) were given: write the notebook "
            "first, then -p KEY VALUE for each, or -p KEY=VALUE"
        )
        raise InvalidParameter(msg)
    return whole | dict(zip(bare, values, strict=True))
