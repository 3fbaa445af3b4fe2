"""``wildfire-bench topics mend``: set the topics that exist to how they are wanted."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.errors import InputError
from wildfire_bench.settings import TopicProfileName
from wildfire_bench.streaming.administration.topic_alteration import alter_topics
from wildfire_bench.streaming.administration.topic_report import TopicOutcome
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs

__all__ = ["mend"]

DIFFERENT_STATUS = 1
"""Exit status when partitions or replicas still differ."""
HOUR_MS = 3_600_000


def mend(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            help="Alter this topic alone; repeatable.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        TopicProfileName | None,
        typer.Option(help="guide: as the guide has them; tuned: as measured.", show_default=False),
    ] = None,
    retention_hours: Annotated[
        int | None,
        typer.Option(min=1, help="Keep records this long; dead letters keep their 30 days."),
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set limits, compression and clean-up of existing topics to what is wanted.

    Nothing is created. Partitions and replicas are never altered: where they differ it is shown,
    and the exit status is 1.

    Example: wildfire-bench topics mend --topic wildfire-satellite-imagery-binary
    """
    settings = load(config, bootstrap_servers).settings
    if profile is not None:
        settings = settings.model_copy(update={"topic_profile": profile})
    specs = [spec for spec in topic_specs(settings) if not only or spec.name in only]
    unknown = set(only or ()) - {spec.name for spec in specs}
    if unknown:
        names = ", ".join(sorted(unknown))
        msg = f"{names}: no topic of these settings: see `wildfire-bench topics describe`"
        raise InputError(msg)
    retention_ms = None if retention_hours is None else retention_hours * HOUR_MS
    reports = alter_topics(open_admin(settings), specs, retention_ms)
    if as_json:
        print(json.dumps([dataclasses.asdict(report) for report in reports], indent=2))
    else:
        for report in reports:
            print(f"{report.outcome:<9}  {report.name}")
            for each in report.differences:
                was = "was" if report.outcome is TopicOutcome.ALTERED else "is"
                print(f"           {each.key} {was} {each.found}, wanted {each.wanted}")
    if any(report.outcome is TopicOutcome.DIFFERS for report in reports):
        raise typer.Exit(DIFFERENT_STATUS)
