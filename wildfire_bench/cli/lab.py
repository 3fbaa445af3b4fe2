"""``wildfire-bench lab``: the notebooks in JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.errors import InputError, StackNotInstalled

__all__ = ["jupyter_config_path", "lab"]

_NEEDED = ("jupyterlab", "jupytext")


def lab(
    folder: Annotated[Path, typer.Option("--notebooks", help="Folder of the notebooks.")] = Path(
        "notebooks"
    ),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 for a free one.")
    ] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the notebooks in JupyterLab. Ctrl-C ends it.

    JupyterLab listens on this machine alone, asks no server for news or updates, and opens the
    .py sources as notebooks.

    Example: wildfire-bench lab --no-browser --port 0
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        msg = f"{' and '.join(missing)} not installed: pip install 'wildfire-bench[lab]'"
        raise StackNotInstalled(msg)
    if not folder.is_dir():
        msg = f"there is no folder {folder}: run this in the repository, or name it by --notebooks"
        raise InputError(msg)
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={port}"]
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")  # containers; it listens on the loopback, behind its token
    if not browser:
        command.append("--no-browser")
    # Ctrl-C reaches JupyterLab as well, which then asks before it ends; so we only wait.
    with subprocess.Popen(command, cwd=folder, env=_environment()) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        while True:
            try:
                raise typer.Exit(server.wait())
            except KeyboardInterrupt:
                continue


def jupyter_config_path() -> Path:
    """Folder with our changes of JupyterLab's defaults, for ``JUPYTER_CONFIG_PATH``.

    JupyterLab reads ``labconfig/default_setting_overrides.json`` below it; what a user sets in
    the settings editor still wins.
    """
    return Path(__file__).with_name("jupyter")


def _environment() -> dict[str, str]:
    paths = [str(jupyter_config_path()), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}
