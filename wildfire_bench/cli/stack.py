"""``wildfire-bench stack``: the servers that everything runs against."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from wildfire_bench.errors import InputError
from wildfire_bench.stack.compose import compose_down, compose_up, find_any_compose
from wildfire_bench.stack.detached import attach, find_detached, start_detached, stop_detached
from wildfire_bench.stack.stack import Stack
from wildfire_bench.stack.state import RecordedStack, read_record, state_dir

__all__ = ["app"]

app = typer.Typer(
    help="Start, show and stop Kafka and S3.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench stack up",
)

NOT_RUNNING = 1
"""Exit status of ``status`` when no stack runs."""


class KindOption(StrEnum):
    """What a stack can be started on."""

    EMBEDDED = "embedded"
    COMPOSE = "compose"


Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def up(
    kind: Annotated[
        KindOption, typer.Option(help="embedded needs nothing but Python, compose needs Docker.")
    ] = KindOption.EMBEDDED,
    brokers: Annotated[int, typer.Option(help="1, or 3 for a cluster.")] = 1,
    s3: Annotated[bool, typer.Option("--s3/--no-s3", help="Start S3 too.")] = True,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Keep the data here; without it, it is gone after `stack down`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Start a stack and leave it running.

    Example: wildfire-bench stack up --brokers 3
    """
    if brokers not in {1, 3}:
        msg = f"--brokers is {brokers}: choose 1 or 3"
        raise InputError(msg)
    if kind is KindOption.COMPOSE:
        if data_dir is not None:
            msg = "--data-dir is for the embedded stack; compose keeps its data in volumes"
            raise InputError(msg)
        stack = compose_up(brokers=brokers, s3=s3)
    else:
        stack = attach(start_detached(brokers=brokers, s3=s3, data_dir=data_dir))
    _show(stack, as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Show what runs; exit status 1 when nothing does, or not all of it.

    Example: wildfire-bench stack status --json
    """
    record = read_record(state_dir())
    ended = () if record is None else record.ended()
    stack = find_any_compose() if record is None or ended else attach(record)
    if stack is not None:
        _show(stack, as_json=as_json)
        return
    if record is not None:
        _show_broken(record, ended, as_json=as_json)
    else:
        typer.echo(
            json.dumps({"running": False})
            if as_json
            else "no stack runs; start one with: wildfire-bench stack up"
        )
    raise typer.Exit(NOT_RUNNING)


@app.command()
def down(
    kind: Annotated[
        KindOption | None,
        typer.Option(help="Which to stop; without it, the one that `stack status` shows."),
    ] = None,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Delete the data of the compose stack too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop the stack that `stack up` left running.

    Example: wildfire-bench stack down
    """
    if kind is None:
        shows_compose = find_detached() is None and find_any_compose() is not None
        kind = KindOption.COMPOSE if shows_compose else KindOption.EMBEDDED
    if volumes and kind is not KindOption.COMPOSE:
        msg = "--volumes is for the compose stack; the embedded one keeps data in its --data-dir"
        raise InputError(msg)
    stopped = compose_down(volumes=volumes) if kind is KindOption.COMPOSE else stop_detached()
    if as_json:
        typer.echo(json.dumps({"stopped": stopped}))
    else:
        typer.echo("stopped" if stopped else "no stack ran")


def _show_broken(record: RecordedStack, ended: tuple[str, ...], *, as_json: bool) -> None:
    left = [process.name for process in record.processes if process.name not in ended]
    if as_json:
        typer.echo(json.dumps({"running": False, "ended": ended, "still_running": left}))
        return
    typer.echo(f"ended: {', '.join(ended)}")
    typer.echo(f"still running: {', '.join(left) or 'none'}")
    typer.echo("start the stack anew with: wildfire-bench stack up")


def _show(stack: Stack, *, as_json: bool) -> None:
    summary = _summary(stack)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo(f"{summary['kind']} stack runs")
    typer.echo(f"Kafka  {summary['bootstrap_servers']}")
    typer.echo(f"S3     {summary['s3_endpoint'] or 'none'}")
    for process in summary["processes"]:
        if process["log_file"] is not None:
            typer.echo(f"{process['name']}: process {process['pid']}, log {process['log_file']}")


def _summary(stack: Stack) -> dict[str, Any]:
    servers = [*stack.brokers, *([stack.s3_server] if stack.s3_server else [])]
    return {
        "running": True,
        "kind": stack.kind.value,
        "bootstrap_servers": stack.bootstrap_servers,
        "s3_endpoint": stack.s3.endpoint if stack.s3 else None,
        "processes": [
            {
                "name": server.name,
                "pid": server.pid,
                "port": server.port,
                "log_file": None if server.log_file is None else str(server.log_file),
            }
            for server in servers
        ],
    }
