"""The project's docker-compose.yml: the one source of every server's configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wildfire_bench.errors import StackNotInstalled

__all__ = [
    "CLUSTER_SERVICES",
    "DATA_INGESTION_SERVICE",
    "PROMETHEUS_SERVICE",
    "S3_SERVICE",
    "SINGLE_SERVICE",
    "broker_services",
    "compose_file",
    "container_names",
    "profiles",
    "service_command",
    "service_environment",
    "service_image",
]

SINGLE_SERVICE = "wildfire-kafka"
CLUSTER_SERVICES = ("wildfire-kafka-1", "wildfire-kafka-2", "wildfire-kafka-3")
S3_SERVICE = "wildfire-s3"
DATA_INGESTION_SERVICE = "data-ingestion-service"
"""The guide's name; that of its container, ``wildfire-data-ingestion``, is the guide's too."""
PROMETHEUS_SERVICE = "wildfire-prometheus"

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::?(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def compose_file() -> Path:
    """Return docker-compose.yml: a part of the installed package, or of the source tree.

    Raises
    ------
    StackNotInstalled
        If neither has it.
    """
    packaged = Path(__file__).with_name("docker-compose.yml")
    source_tree = Path(__file__).parents[2] / "docker-compose.yml"
    for path in (packaged, source_tree):
        if path.is_file():
            return path
    msg = f"{packaged} is missing: install wildfire-bench again"
    raise StackNotInstalled(msg)


def broker_services(brokers: int) -> tuple[str, ...]:
    """Services that make a single broker (1) or the cluster (3)."""
    return (SINGLE_SERVICE,) if brokers == 1 else CLUSTER_SERVICES


def container_names() -> tuple[str, ...]:
    """Names of all containers, of whatever profile."""
    return tuple(each["container_name"] for each in _services().values())


def profiles() -> tuple[str, ...]:
    """All profiles: with each of them Compose takes every service."""
    return tuple(
        sorted({name for each in _services().values() for name in each.get("profiles", ())})
    )


def service_environment(service: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Environment of a service, with ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?}`` filled in.

    Parameters
    ----------
    service
        Name of the service.
    variables
        Values for the names; one without value or default becomes empty.
    """
    raw = _services()[service]["environment"]
    return {name: _fill(str(value), variables) for name, value in raw.items()}


def service_command(service: str) -> tuple[str, ...]:
    """Command of a service as a tuple of words."""
    return tuple(_services()[service]["command"])


def service_image(service: str) -> str:
    """Image of a service."""
    image: str = _services()[service]["image"]
    return image


@cache
def _services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(compose_file().read_text(encoding="utf-8"))[
        "services"
    ]
    return services


def _fill(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        default = match["rest"] if match["kind"] == "-" else ""
        return variables.get(match["name"]) or default or ""

    return _VARIABLE.sub(value, text)
