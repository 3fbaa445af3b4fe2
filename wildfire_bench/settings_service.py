"""Settings of the service: its status API, its end, its log lines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from wildfire_bench.settings_base import FrozenSettings, PositiveFloat

__all__ = ["MIN_TOKEN_CHARS", "LogSettings", "ServiceSettings"]

MIN_TOKEN_CHARS = 16
"""Shortest token that is taken: a shorter one can be guessed."""


class ServiceSettings(FrozenSettings):
    """What ``wildfire-bench serve`` is like to run."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address of the status API; one that others can reach needs `token` or `unprotected`."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8003
    """The guide's; 0 takes a free one."""
    token: Annotated[SecretStr, Field(min_length=MIN_TOKEN_CHARS)] | None = None
    """Asked for as ``Authorization: Bearer ...`` on every path but ``/healthz``."""
    unprotected: bool = False
    """Listen without a token where others can reach it: something else has to keep them out."""
    stop_timeout_s: PositiveFloat = 30.0
    """How long it may take, once asked to end, to finish what it has begun."""


class LogSettings(FrozenSettings):
    """What the service writes to standard error."""

    format: Literal["text", "json"] = "text"
    """Lines for people, or a JSON object a line."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least of our own lines; of other libraries only warnings are heard."""
