"""What ``docker container inspect`` says of a container, as far as a stack needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Container", "read_containers"]

SERVICE_LABEL = "com.docker.compose.service"
PROJECT_LABEL = "com.docker.compose.project"
MAX_RESTARTS = 3
"""A server that ended this often while it was to start will not start."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of the project."""

    service: str
    name: str
    """Of the container; most are named as their service."""
    project: str
    container_id: str
    pid: int | None
    """Process id of its first process, as the engine's machine counts; None while it is down."""
    status: str
    """``running``, ``exited``, ``restarting``, ..."""
    restarts: int
    """How often the engine has started it again."""
    health: str | None
    """``healthy``, ``unhealthy``, ``starting``; None without a health check."""
    ports: Mapping[int, int]
    """Port inside to port on this host."""
    folders: Mapping[str, Path]
    """Folder inside to folder on the engine's machine."""
    environment: Mapping[str, str] = field(repr=False)  # holds the S3 keys

    @property
    def healthy(self) -> bool:
        """Whether it runs and its health check passes."""
        return self.status == "running" and self.health in {"healthy", None}

    @property
    def ended(self) -> bool:
        """Whether waiting for it is in vain."""
        return self.status in {"exited", "dead"} or self.restarts >= MAX_RESTARTS

    @property
    def state(self) -> str:
        """Status and health in words."""
        return self.status if self.health is None else f"{self.status}, {self.health}"

    @property
    def port(self) -> int | None:
        """Port of this host that leads inside; each service publishes one."""
        return next(iter(self.ports.values()), None)


def read_containers(inspected: Sequence[Mapping[str, Any]]) -> dict[str, Container]:
    """Read the answer of ``docker container inspect``.

    Containers that Compose did not make are left out: one that merely has the name is not ours.

    Returns
    -------
    dict
        By service.
    """
    found = [_read(each) for each in inspected if SERVICE_LABEL in _labels(each)]
    return {each.service: each for each in found}


def _read(inspected: Mapping[str, Any]) -> Container:
    state = inspected["State"]
    labels = _labels(inspected)
    return Container(
        service=labels[SERVICE_LABEL],
        name=inspected["Name"].removeprefix("/"),
        project=labels[PROJECT_LABEL],
        container_id=inspected["Id"],
        pid=state.get("Pid") or None,
        status=state["Status"],
        restarts=inspected["RestartCount"],
        health=(state.get("Health") or {}).get("Status"),
        ports={
            int(inside.partition("/")[0]): int(bound[0]["HostPort"])
            for inside, bound in (inspected["NetworkSettings"].get("Ports") or {}).items()
            if bound
        },
        folders={
            mount["Destination"]: Path(mount["Source"]) for mount in inspected.get("Mounts") or ()
        },
        environment=dict(
            entry.partition("=")[::2] for entry in inspected["Config"].get("Env") or ()
        ),
    )


def _labels(inspected: Mapping[str, Any]) -> Mapping[str, str]:
    return inspected["Config"].get("Labels") or {}
