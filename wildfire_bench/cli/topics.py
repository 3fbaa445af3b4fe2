"""``wildfire-bench topics``: create, compare and describe topics; the brokers' limits."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated

import typer

from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.cli.topic_acls import acls
from wildfire_bench.cli.topic_mend import mend
from wildfire_bench.settings import Settings, TopicProfileName
from wildfire_bench.streaming.administration.broker_limits import (
    GUIDE_MESSAGE_MAX_BYTES,
    BrokerLimits,
    LimitChange,
    raise_limits,
    read_limits,
)
from wildfire_bench.streaming.administration.topic_admin import (
    TopicState,
    describe_topics,
    ensure_topics,
)
from wildfire_bench.streaming.administration.topic_report import TopicOutcome, TopicReport
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.receiving.flowing_forms import FlowingForm, flowing_forms
from wildfire_bench.streaming.topics import topic_specs

__all__ = ["app"]

app = typer.Typer(
    help="Create, compare and describe the topics.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench topics create",
)

app.command()(acls)

DIFFERENT_STATUS = 1
"""Exit status of ``topics create`` when a topic that exists differs."""


@app.command()
def create(
    profile: Annotated[
        TopicProfileName | None,
        typer.Option(help="guide: as the guide has them; tuned: as measured.", show_default=False),
    ] = None,
    replication_factor: Annotated[
        int | None,
        typer.Option(min=1, help="Copies; without it 3, or as many as there are brokers."),
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create the topics that are missing and compare the others.

    Topics that exist are never altered: their differences are shown, and the exit status is 1;
    `topics mend` alters them.

    Example: wildfire-bench topics create --profile guide
    """
    settings = _with_profile(load(config, bootstrap_servers).settings, profile)
    reports = ensure_topics(open_admin(settings), topic_specs(settings), replication_factor)
    if as_json:
        print(json.dumps([dataclasses.asdict(report) for report in reports], indent=2))
    else:
        _print_reports(reports)
    if any(report.outcome is TopicOutcome.DIFFERS for report in reports):
        raise typer.Exit(DIFFERENT_STATUS)


@app.command()
def describe(
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the topics that exist, their settings, and which forms of images flow.

    The forms are those of the newest records, at most three of each partition.

    Example: wildfire-bench topics describe --json
    """
    settings = load(config, bootstrap_servers).settings
    names = [spec.name for spec in topic_specs(settings)]
    states = describe_topics(open_admin(settings), names)
    forms = flowing_forms(settings)
    missing = [name for name in names if name not in {state.name for state in states}]
    if as_json:
        topics = [_state_json(state, forms) for state in states]
        print(json.dumps({"topics": topics, "missing": missing}, indent=2))
        return
    for state in states:
        copies = f"{state.partitions} partitions, {state.replication_factor} replicas"
        print(f"{state.name}: {copies}")
        for key, value in state.config.items():
            print(f"    {key}={value}")
        _print_forms(state.name, forms)
    for name in missing:
        print(f"{name}: missing; wildfire-bench topics create makes it")


@app.command()
def limits(
    raise_: Annotated[
        bool,
        typer.Option("--raise", help="Raise message.max.bytes, and explain what cannot be raised."),
    ] = False,
    max_bytes: Annotated[
        int, typer.Option(min=1, help="What --raise raises to; the guide has 50 MiB.")
    ] = GUIDE_MESSAGE_MAX_BYTES,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how large a record brokers and topics take, or raise it.

    Example: wildfire-bench topics limits --raise --max-bytes 104857600
    """
    settings = load(config, bootstrap_servers).settings
    admin = open_admin(settings)
    if raise_:
        changes = raise_limits(admin, max_bytes)
        if as_json:
            print(json.dumps([dataclasses.asdict(change) for change in changes], indent=2))
        else:
            _print_changes(changes)
        return
    existing = describe_topics(admin, [spec.name for spec in topic_specs(settings)])
    found = read_limits(admin, [state.name for state in existing])
    if as_json:
        print(json.dumps(_limits_json(found), indent=2))
    else:
        _print_limits(found)


app.command()(mend)


def _with_profile(settings: Settings, profile: TopicProfileName | None) -> Settings:
    return settings if profile is None else settings.model_copy(update={"topic_profile": profile})


def _print_reports(reports: tuple[TopicReport, ...]) -> None:
    for report in reports:
        print(f"{report.outcome:<9}  {report.name}")
        for each in report.differences:
            print(f"           {each.key} is {each.found}, wanted {each.wanted}")


_Forms = Mapping[str, tuple[FlowingForm, ...] | None]


def _print_forms(topic: str, forms: _Forms) -> None:
    """Say what flows; topics of small records have one form only."""
    flowing = forms.get(topic, ())
    if flowing is None:
        print("    flows: not told, this account may not read the topic")
        return
    for each in flowing:
        what = each.form if each.codec is None else f"{each.form} {each.codec}"
        share = f"{each.share:.0%} of {round(each.records / each.share)} sampled"
        print(f"    flows: {what}, {share}, newest {each.newest}")


def _state_json(state: TopicState, forms: _Forms) -> dict[str, object]:
    flowing = forms.get(state.name, ())
    return {
        "name": state.name,
        "partitions": state.partitions,
        "replication_factor": state.replication_factor,
        "config": dict(state.config),
        "flows": None if flowing is None else [dataclasses.asdict(each) for each in flowing],
    }


def _print_changes(changes: tuple[LimitChange, ...]) -> None:
    for change in changes:
        sizes = f"{_bytes(change.before_bytes)} -> {_bytes(change.after_bytes)}"
        print(f"{change.outcome:<9}  {change.key}: {sizes}")
        if change.advice:
            print(f"           {change.advice}")


def _limits_json(limits: BrokerLimits) -> dict[str, object]:
    return {
        "message_max_bytes": limits.message_max_bytes,
        "socket_request_max_bytes": limits.socket_request_max_bytes,
        "replica_fetch_max_bytes": limits.replica_fetch_max_bytes,
        "topics": dict(limits.topics),
        "unread": dict(limits.unread),
    }


def _print_limits(limits: BrokerLimits) -> None:
    rows = {
        "brokers, message.max.bytes": limits.message_max_bytes,
        "brokers, socket.request.max.bytes": limits.socket_request_max_bytes,
        "brokers, replica.fetch.max.bytes": limits.replica_fetch_max_bytes,
        **{f"{name}, max.message.bytes": value for name, value in limits.topics.items()},
    }
    width = max(len(label) for label in rows)
    for label, value in rows.items():
        print(f"{label:<{width}}  {_bytes(value):>11}")
    for label, reason in limits.unread.items():
        print(f"{label}: {reason}")


def _bytes(value: int | None) -> str:
    return "unread" if value is None else f"{value:,}"
