"""``wildfire-bench topics acls``: what each role may do on the brokers, printed or granted."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.streaming.administration.acl import grant, kafka_acls_commands
from wildfire_bench.streaming.administration.rights import Role, rights_of
from wildfire_bench.streaming.connection import open_admin

__all__ = ["acls"]


def acls(
    role: Annotated[Role, typer.Argument(help="Whose rights.")],
    principal: Annotated[
        str | None,
        typer.Option(help="As the brokers name the account; without it User: and the role."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Consumer group; a consumer needs one.", show_default=False)
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Grant them now, as the account that settings name.")
    ] = False,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the ACLs that a role needs, and no others, or grant them.

    Printed as calls of Kafka's own kafka-acls.sh.

    Example: wildfire-bench topics acls consumer --principal User:maps --group burn-scars
    """
    settings = load(config, bootstrap_servers).settings
    rights = rights_of(role, settings, group)
    who = principal or f"User:{role}"
    if apply:
        grant(open_admin(settings), rights, who)
    if as_json:
        print(json.dumps([dataclasses.asdict(right) for right in rights], indent=2))
    elif apply:
        for right in rights:
            print(f"{who} may {right}")
    else:
        for command in kafka_acls_commands(rights, who, settings.kafka.bootstrap_servers):
            print(command)
