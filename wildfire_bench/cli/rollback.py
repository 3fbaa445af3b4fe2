"""``wildfire-bench rollback``: the way back to base64 JSON and gzip, rehearsed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import typer

from wildfire_bench.bench.rollback.rehearsal import rehearse_rollback
from wildfire_bench.bench.rollback.report import RollbackReport, RollbackStep
from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.cli.stack_choice import StackChoice, settings_on

__all__ = ["app"]

app = typer.Typer(
    help="Rehearse the way back to JSON and gzip.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench rollback rehearse",
)

FAULTY_STATUS = 1
"""Exit status when an image was lost, altered, repeated or unreadable."""


@app.callback()
def _rollback() -> None:
    """Keep the name of the one sub-command."""


@app.command()
def rehearse(
    *,
    stack: StackChoice = "auto",
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Roll back and forward while images flow, and count what came of them.

    Two producers and two consumers are restarted one by one with the guide's two variables, while
    the others go on: back and forward, with producers first and with consumers first. Topics and
    group are of the rehearsal alone and are removed. It takes about a minute. The exit status is 1
    when an image was lost, altered, handed over again too late, or could not be read.

    Example: wildfire-bench rollback rehearse --stack embedded --json
    """
    loaded = load(config, bootstrap_servers)
    with settings_on(stack, loaded) as settings:
        report = asyncio.run(rehearse_rollback(settings, told=None if as_json else _tell))
    if as_json:
        print(json.dumps(_document(report), indent=2))
    _summarise(report)
    if not report.passed:
        raise typer.Exit(FAULTY_STATUS)


def _tell(step: RollbackStep) -> None:
    print(
        f"{step.phase:<24}  {step.seconds:5.1f} s  sent {_routes(step.sent)}; "
        f"received {step.acknowledged:,}",
        flush=True,
    )


def _routes(sent: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {route}" for route, number in sorted(sent.items())) or "nothing"


def _summarise(report: RollbackReport) -> None:
    faults = report.faults
    print(
        f"sent {report.sent:,}, received {report.acknowledged:,}: {len(faults.lost):,} lost, "
        f"{len(faults.altered):,} altered, {len(faults.repeated):,} repeated, "
        f"{len(report.unreadable):,} unreadable; {report.redelivered:,} came again before they "
        f"were acknowledged; {report.seconds:.1f} s",
        file=sys.stderr,
    )
    for kind, image_ids in asdict(faults).items():
        for image_id in image_ids:
            print(f"{kind}: {image_id}", file=sys.stderr)
    for letter in report.unreadable:
        print(f"unreadable: {letter.image_id}: {letter.reason}", file=sys.stderr)
    for reason in report.not_tried:
        print(f"not tried: {reason}", file=sys.stderr)


def _document(report: RollbackReport) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "sent": report.sent,
        "received": report.acknowledged,
        "redelivered": report.redelivered,
        **{kind: list(image_ids) for kind, image_ids in asdict(report.faults).items()},
        "unreadable": [
            {"image_id": letter.image_id, "error": letter.error, "reason": letter.reason}
            for letter in report.unreadable
        ],
        "not_tried": list(report.not_tried),
        "seconds": round(report.seconds, 3),
        "phases": [
            {
                "phase": step.phase.value,
                "sent": dict(step.sent),
                "received": step.acknowledged,
                "seconds": round(step.seconds, 3),
            }
            for step in report.steps
        ],
    }
