"""``wildfire-bench doctor``: what is wrong with a set-up, and what mends it."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any, Final

import typer

from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.doctor import Result, Severity, Surroundings, all_checks, examine, worst

__all__ = ["app"]

app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
)

STATUS: Final = {Severity.OK: 0, Severity.SKIPPED: 0, Severity.WARN: 1, Severity.FAIL: 2}
"""Exit status by the gravest finding."""


@app.callback()
def doctor(
    context: typer.Context,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Make this check, or those of this topic (s3), and what they need; repeatable.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Also put a small object under doctor/ in the bucket and a record on a topic of "
            "its own; both are removed at once.",
        ),
    ] = False,
    service: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the status API of a service is looked for; it is sent the settings' token. "
            "Left out: where the settings have it listen.",
            show_default=False,
        ),
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong, and the command that mends it.

    Settings, versions, codecs, brokers, topics, S3, clocks, consumer groups, dead letters, disk,
    and the service if one runs. Nothing is altered, and without --write nothing is written. Each
    check has a time limit and all together one of 90 s. The exit status is 0 when all is well, 1
    when a finding is a warning, 2 when one is a failure.

    Example: wildfire-bench doctor --only topics --only s3
    """
    if context.invoked_subcommand is not None:
        return
    surroundings = Surroundings(
        partial(load, config, bootstrap_servers), write=write, service_url=service
    )
    results = examine(surroundings, only or (), tell=_ignore if as_json else _print)
    gravest = worst(results)
    if as_json:
        document = {"worst": gravest.value, "checks": [_document(each) for each in results]}
        print(json.dumps(document, indent=2))
    else:
        _print_counts(results)
    raise typer.Exit(STATUS[gravest])


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the checks and what each looks at.

    Example: wildfire-bench doctor list --json
    """
    checks = all_checks().values()
    if as_json:
        rows = [{"name": c.name, "looks_at": c.looks_at, "needs": list(c.needs)} for c in checks]
        print(json.dumps(rows, indent=2))
        return
    width = max(len(each.name) for each in checks)
    for each in checks:
        print(f"{each.name:<{width}}  {each.looks_at}")


def _ignore(_result: Result) -> None:
    """Print nothing until all are known."""


def _print(result: Result) -> None:
    finding = result.finding
    print(f"{finding.severity.value:<7}  {result.check.name:<20}  {finding.text}", flush=True)
    for detail in finding.details if finding.severity in {Severity.WARN, Severity.FAIL} else ():
        print(f"{'':31}{detail}")
    if finding.remedy is not None:
        print(f"{'':29}> {finding.remedy}", flush=True)


def _print_counts(results: tuple[Result, ...]) -> None:
    counts = {each: sum(r.finding.severity is each for r in results) for each in Severity}
    told = ", ".join(f"{count} {severity.value}" for severity, count in counts.items() if count)
    print(f"{len(results)} checks in {sum(each.seconds for each in results):.1f} s: {told}")


def _document(result: Result) -> dict[str, Any]:
    finding = result.finding
    return {
        "name": result.check.name,
        "looks_at": result.check.looks_at,
        "severity": finding.severity.value,
        "finding": finding.text,
        "remedy": finding.remedy,
        "details": list(finding.details),
        "seconds": round(result.seconds, 6),
    }
