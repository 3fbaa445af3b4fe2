"""Options that several sub-commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from wildfire_bench.settings_sources import DEFAULT, LoadedSettings, load_settings

if TYPE_CHECKING:
    from wildfire_bench.stack import Stack

__all__ = [
    "BootstrapOption",
    "ConfigOption",
    "JsonOption",
    "SettleOption",
    "WatchOption",
    "load",
    "point_at",
]

ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Settings file; without it, streaming_config.yaml of this folder if there is one.",
        show_default=False,
    ),
]
BootstrapOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--bootstrap-servers",
        help="Addresses of brokers (host:port, several by comma); wins over all other settings.",
        show_default=False,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
WatchOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Send what is and what comes into this folder.", show_default=False),
]
SettleOption: TypeAlias = Annotated[
    float, typer.Option(min=0.1, max=3600, help="Seconds a watched file rests when complete.")
]


def load(config: Path | None, bootstrap_servers: str | None) -> LoadedSettings:
    """Load settings with the options of a sub-command on top.

    Where no source says which brokers to use, those of a running stack are: what
    ``wildfire-bench stack up`` left running, or the containers of docker-compose.yml.

    Parameters
    ----------
    config
        ``--config``.
    bootstrap_servers
        ``--bootstrap-servers``.

    Returns
    -------
    LoadedSettings

    Raises
    ------
    SettingsError
        If any source holds a mistake.
    """
    loaded = load_settings(config, overrides={"kafka.bootstrap_servers": bootstrap_servers})
    if loaded.origins["kafka.bootstrap_servers"] != DEFAULT:
        return loaded
    # Late, for a call that says itself which brokers it means.
    from wildfire_bench.stack.compose import find_any_compose
    from wildfire_bench.stack.detached import find_detached

    stack = find_detached() or find_any_compose()
    return loaded if stack is None else point_at(loaded, stack)


def point_at(loaded: LoadedSettings, stack: Stack) -> LoadedSettings:
    """Point settings at a running stack, and say so in their origins.

    Parameters
    ----------
    loaded
        Settings that name no brokers.
    stack
        Its brokers are taken, and its S3 unless `loaded` names another.

    Returns
    -------
    LoadedSettings
    """
    settings = stack.apply(loaded.settings)
    taken = ["kafka.bootstrap_servers"]
    if loaded.origins["s3.endpoint"] != DEFAULT or stack.s3 is None:
        settings = settings.model_copy(update={"s3": loaded.settings.s3})
    else:
        taken += ["s3.endpoint", "s3.access_key", "s3.secret_key", "s3.region", "s3.secure"]
    origins = {**loaded.origins, **dict.fromkeys(taken, f"running stack ({stack.kind.value})")}
    return LoadedSettings(settings, MappingProxyType(origins), loaded.warnings)
