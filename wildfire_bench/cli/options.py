"""Options that several sub-commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from wildfire_bench.settings_sources import LoadedSettings, load_settings

__all__ = ["BootstrapOption", "ConfigOption", "JsonOption", "load"]

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


def load(config: Path | None, bootstrap_servers: str | None) -> LoadedSettings:
    """Load settings with the options of a sub-command on top.

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
    return load_settings(config, overrides={"kafka.bootstrap_servers": bootstrap_servers})
