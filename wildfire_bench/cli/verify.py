"""``wildfire-bench verify``: whether what is received is what was sent, on every route."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from wildfire_bench.bench.verify.verification import VerifyReport, VerifyRow
from wildfire_bench.bench.verify.verification import verify as verify_on
from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.cli.progress import Progress
from wildfire_bench.cli.stack_choice import StackChoice, settings_on
from wildfire_bench.settings import Settings

__all__ = ["verify"]

DIFFERENT_STATUS = 1


def verify(
    *,
    stack: StackChoice = "auto",
    boundaries: Annotated[
        bool, typer.Option(help="Send images as large as the thresholds, too (20 and 100 MB).")
    ] = True,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send images by every route, receive them and compare.

    Real pictures of every format go by every route with every codec, and are compared byte for
    byte with what arrives; topics of their own are made and removed. The exit status is 1 when
    anything differs.

    Example: wildfire-bench verify --stack embedded --json
    """
    loaded = load(config, bootstrap_servers)
    with settings_on(stack, loaded) as settings:
        report = asyncio.run(_verify(settings, boundaries=boundaries, tell_rows=not as_json))
    if as_json:
        print(json.dumps([_document(row) for row in report.rows], indent=2))
    _summarise(report)
    if not report.identical:
        raise typer.Exit(DIFFERENT_STATUS)


async def _verify(settings: Settings, *, boundaries: bool, tell_rows: bool) -> VerifyReport:
    progress = Progress("verified")

    def tell(_done: int, total: int, row: VerifyRow) -> None:
        progress.total_images = total
        progress.add(row.size_bytes)
        if tell_rows:
            progress.clear()
            print(_line(row), flush=True)

    try:
        async with progress.looking():
            return await verify_on(settings, boundaries=boundaries, progress=tell)
    finally:
        progress.clear()


def _document(row: VerifyRow) -> dict[str, Any]:
    return {
        "route": row.route.value,
        "format": row.format,
        "codec": row.codec,
        "bytes": row.size_bytes,
        "identical": row.identical,
        "seconds": round(row.seconds, 6),
        "case": row.case,
        "error": row.error,
    }


def _line(row: VerifyRow) -> str:
    what = f"{row.route:<9}  {row.format:<7}  {row.codec:<10}  {row.size_bytes:>11,} bytes"
    case = "" if row.case == "matrix" else f"  ({row.case})"
    verdict = "identical" if row.identical else f"DIFFERENT: {row.error}"
    return f"{what}  {row.seconds:7.3f} s  {verdict}{case}"


def _summarise(report: VerifyReport) -> None:
    identical = sum(row.identical for row in report.rows)
    total = f"{identical:,} of {len(report.rows):,} identical in {report.seconds:.1f} s"
    print(total, file=sys.stderr)
    for reason in report.not_tried:
        print(f"not tried: {reason}", file=sys.stderr)
