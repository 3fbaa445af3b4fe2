"""The option that says which Kafka and S3 a command tries itself out on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import typer

from wildfire_bench.settings import Settings
from wildfire_bench.settings_sources import DEFAULT, LoadedSettings
from wildfire_bench.stack import open_stack
from wildfire_bench.stack.opening import KindChoice

__all__ = ["StackChoice", "settings_on"]

StackChoice: TypeAlias = Annotated[
    KindChoice,
    typer.Option(
        "--stack", help="auto: brokers that settings name, else what runs, else embedded."
    ),
]


@contextmanager
def settings_on(stack: KindChoice, loaded: LoadedSettings) -> Iterator[Settings]:
    """Point settings at a stack; brokers that they name already are taken as they are."""
    named = loaded.origins["kafka.bootstrap_servers"] != DEFAULT
    if stack == "external" or (stack == "auto" and named):
        yield loaded.settings
        return
    with open_stack(stack) as opened:
        yield opened.apply(loaded.settings)
