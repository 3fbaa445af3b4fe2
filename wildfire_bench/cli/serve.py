"""``wildfire-bench serve``: producer, consumers and status API in one process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wildfire_bench.cli.interruption import stop_on_signals
from wildfire_bench.cli.options import (
    BootstrapOption,
    ConfigOption,
    SettleOption,
    WatchOption,
    load,
)
from wildfire_bench.monitoring.extra import require_api_extra
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.files.file_selection import files_in
from wildfire_bench.streaming.files.file_watch import SETTLE_S
from wildfire_bench.streaming.sending.image_source import require_source_id

if TYPE_CHECKING:
    from wildfire_bench.monitoring.service import ServicePlan

__all__ = ["serve"]


SourceOption = Annotated[
    str, typer.Option(help="Who took these images; a part of each image's id.")
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Note here what was sent, and leave it out after a restart.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        help="Keep received images in this folder; without it they are verified only.",
        show_default=False,
    ),
]
GroupOption = Annotated[
    str,
    typer.Option(help="Consumer group for images; with -records behind it, for small records."),
]
CreateOption = Annotated[
    bool, typer.Option("--create-topics", help="Make the topics that are missing.")
]
HostOption = Annotated[
    str | None, typer.Option(help="Address of the status API.", show_default=False)
]
PortOption = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Its port; 0: a free one.", show_default=False),
]
LogFormat = Literal["text", "json"]
LogFormatOption = Annotated[
    LogFormat | None, typer.Option(help="Form of the log lines.", show_default=False)
]


def serve(
    *,
    watch: WatchOption = None,
    source_id: SourceOption = "unknown",
    settle: SettleOption = SETTLE_S,
    resume: ResumeOption = None,
    out: OutOption = None,
    group: GroupOption = "wildfire-data-ingestion",
    create_topics: CreateOption = False,
    host: HostOption = None,
    port: PortOption = None,
    log_format: LogFormatOption = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
) -> None:
    """Send, receive and answer on the status API, as a service.

    It runs until Ctrl-C or SIGTERM, which are its usual end: then it takes no new file, finishes
    what it has begun, 30 seconds at most, and ends with status 0; a second one ends it at once. The
    log goes to standard error. With a token in WILDFIRE_SERVICE_TOKEN the status API asks for it.

    Example: wildfire-bench serve --watch incoming --source-id landsat_nrt --create-topics
    """
    require_api_extra()
    require_source_id(source_id)
    if watch is not None:
        next(files_in(watch), None)  # refused here rather than once all parts run
    from wildfire_bench.monitoring.service import ServicePlan

    settings = _with_options(load(config, bootstrap_servers).settings, host, port, log_format)
    plan = ServicePlan(
        group_id=group,
        watched=watch,
        source_id=source_id,
        settle_s=settle,
        journal=resume,
        out=out,
        create_topics=create_topics,
    )
    asyncio.run(_serve(settings, plan))


def _with_options(
    settings: Settings, host: str | None, port: int | None, log_format: LogFormat | None
) -> Settings:
    """Put options that were given over the settings; they are valid, as their bounds are those."""
    given = {"host": host, "port": port}
    told = {name: value for name, value in given.items() if value is not None}
    changed = {
        "service": settings.service.model_copy(update=told),
        "log": settings.log.model_copy(update={} if log_format is None else {"format": log_format}),
    }
    return settings.model_copy(update=changed)


async def _serve(settings: Settings, plan: ServicePlan) -> None:
    from wildfire_bench.monitoring.log_lines import configure_logging
    from wildfire_bench.monitoring.service import Service

    configure_logging(settings.log)
    service = Service(settings, plan)
    with stop_on_signals() as stop:
        await service.run(stop)
