"""The stack of docker-compose.yml: found when it is up, started and stopped on request.

Containers are found by their fixed names through ``docker container inspect``, whose answer is the
same for Compose 1 and 2; only starting and stopping goes through Compose itself. Nothing here pulls
an image: a download of a gigabyte is for the user to start.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from wildfire_bench.errors import StackNotInstalled, StackStartFailed, StackTimeout
from wildfire_bench.settings import KafkaSettings, S3Settings
from wildfire_bench.stack.cgroup import Cgroup, find_cgroup
from wildfire_bench.stack.compose_file import (
    CLUSTER_SERVICES,
    S3_SERVICE,
    SINGLE_SERVICE,
    broker_services,
    compose_file,
    container_names,
    profiles,
    service_image,
)
from wildfire_bench.stack.containers import Container, read_containers
from wildfire_bench.stack.engine import DockerEngine, Engine
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.readiness import wait_for_brokers
from wildfire_bench.stack.server import BrokerProcess, ServerProcess
from wildfire_bench.stack.stack import Stack, StackKind

__all__ = [
    "compose_containers",
    "compose_down",
    "compose_up",
    "find_any_compose",
    "find_compose",
    "open_compose",
]

HEALTH_TIMEOUT_S = 120.0
"""How long containers may take to become healthy; the health checks allow 80 s."""
HEALTH_STEP_S = 1.0
PROJECT = "wildfire-bench"
"""Name of the project; Compose's own ``COMPOSE_PROJECT_NAME`` wins over it."""
KAFKA_DATA = "/var/lib/kafka/data"
UNUSED_KEYS = {"S3_ACCESS_KEY": "unused", "S3_SECRET_KEY": "unused"}
"""Compose fills in the whole file, whatever it is asked for, and ends where a key is missing."""
ALL_SERVERS = (SINGLE_SERVICE, *CLUSTER_SERVICES, S3_SERVICE)
"""What a stack is made of, each named as its container. The service is none: it uses one."""


def find_compose(
    *, brokers: int = 1, s3: bool = True, engine: Engine | None = None
) -> Stack | None:
    """Return the compose stack if its containers are up and healthy, else None.

    Parameters
    ----------
    brokers, s3
        What is needed of it.
    engine
        How docker is called; None for the real one.
    """
    containers = _inspect(engine or DockerEngine(), _services(brokers, s3=s3))
    return _as_stack(containers, brokers, s3=s3)


def find_any_compose(*, engine: Engine | None = None) -> Stack | None:
    """Return the compose stack if it is up, of whatever size; None also without docker."""
    engine = engine or DockerEngine()
    containers = _inspect(engine, ALL_SERVERS)
    found = (_as_stack(containers, size, s3=s3) for s3 in (True, False) for size in (3, 1))
    return next((stack for stack in found if stack is not None), None)


def compose_containers(*, engine: Engine | None = None) -> dict[str, Container]:
    """Return every container of the project by its service, in whatever state it is."""
    return _inspect(engine or DockerEngine(), container_names())


def open_compose(*, brokers: int = 1, s3: bool = True, engine: Engine | None = None) -> Stack:
    """Use the compose stack, which must be up.

    Raises
    ------
    StackNotInstalled
        If there is no docker, or its engine does not answer.
    StackStartFailed
        If the containers are not up and healthy; says which and what to do.
    """
    engine = engine or DockerEngine()
    engine.require()
    services = _services(brokers, s3=s3)
    containers = _inspect(engine, services)
    stack = _as_stack(containers, brokers, s3=s3)
    if stack is None:
        msg = (
            f"the compose stack is not up ({_states(containers, services)}): "
            f"wildfire-bench stack up --kind compose --brokers {brokers}"
        )
        raise StackStartFailed(msg)
    return stack


def compose_up(*, brokers: int = 1, s3: bool = True, engine: Engine | None = None) -> Stack:
    """Start the containers and wait until they are healthy and answer. They keep running.

    Raises
    ------
    StackNotInstalled
        If docker, Compose or an image is missing.
    StackStartFailed
        If Compose refuses or a container ends.
    StackTimeout
        If a container does not become healthy in time.
    """
    engine = engine or DockerEngine()
    engine.require()
    services = _services(brokers, s3=s3)
    _require_images(engine, services)
    project = os.environ.get("COMPOSE_PROJECT_NAME") or PROJECT
    _compose(engine, project, "up", "-d", *services, keys=None if s3 else UNUSED_KEYS)
    stack = _wait_until_healthy(engine, services, brokers, s3=s3)
    wait_for_brokers(stack.kafka, brokers, lambda: None)
    return stack


def compose_down(*, volumes: bool = False, engine: Engine | None = None) -> bool:
    """Remove the project's containers, the service and what watches it among them.

    Parameters
    ----------
    volumes
        Whether its data goes too.
    engine
        How docker is called; None for the real one.

    Returns
    -------
    bool
        False when there was none.
    """
    engine = engine or DockerEngine()
    engine.require()
    containers = _inspect(engine, container_names())
    options = ("--volumes",) if volumes else ()
    for project in {each.project for each in containers.values()}:
        _compose(engine, project, "down", *options, keys=UNUSED_KEYS)
    return bool(containers)


def _services(brokers: int, *, s3: bool) -> tuple[str, ...]:
    return (*broker_services(brokers), *((S3_SERVICE,) if s3 else ()))


def _wait_until_healthy(
    engine: Engine, services: tuple[str, ...], brokers: int, *, s3: bool
) -> Stack:
    deadline = time.monotonic() + HEALTH_TIMEOUT_S
    while True:
        containers = _inspect(engine, services)
        if (stack := _as_stack(containers, brokers, s3=s3)) is not None:
            return stack
        ended = [name for name, each in containers.items() if each.ended]
        if ended:
            msg = f"container {ended[0]} ended: docker logs {ended[0]}"
            raise StackStartFailed(msg)
        if time.monotonic() > deadline:
            msg = (
                f"the compose stack was not healthy within {HEALTH_TIMEOUT_S:g} s "
                f"({_states(containers, services)}): docker logs {services[0]}"
            )
            raise StackTimeout(msg)
        time.sleep(HEALTH_STEP_S)


def _inspect(engine: Engine, names: tuple[str, ...]) -> dict[str, Container]:
    # It fails when one is missing, and prints those that are there all the same.
    answer = engine.run(["docker", "container", "inspect", *names])
    try:
        return read_containers(json.loads(answer.stdout or "[]"))
    except ValueError:
        return {}


def _as_stack(containers: dict[str, Container], brokers: int, *, s3: bool) -> Stack | None:
    needed = [containers.get(service) for service in _services(brokers, s3=s3)]
    if not all(each is not None and each.healthy for each in needed):
        return None
    ports = {service: containers[service].port for service in broker_services(brokers)}
    if None in ports.values():
        return None
    return Stack(
        StackKind.COMPOSE,
        KafkaSettings(bootstrap_servers=",".join(f"{LOOPBACK}:{port}" for port in ports.values())),
        _s3_settings(containers[S3_SERVICE]) if s3 else None,
        brokers=tuple(_broker(containers[service]) for service in ports),
        s3_server=_store(containers[S3_SERVICE]) if s3 else None,
    )


def _broker(container: Container) -> BrokerProcess:
    node_id, port = int(container.environment["KAFKA_NODE_ID"]), container.port or 0
    cgroup = _cgroup(container)
    if cgroup is None:
        return BrokerProcess(node_id, port)
    folder = container.folders.get(KAFKA_DATA)
    readable = folder is not None and os.access(folder, os.R_OK | os.X_OK)
    return BrokerProcess(
        node_id, port, pid=container.pid, data_dir=folder if readable else None, cgroup=cgroup
    )


def _store(container: Container) -> ServerProcess:
    cgroup = _cgroup(container)
    pid = None if cgroup is None else container.pid
    return ServerProcess("s3", container.port or 0, pid=pid, cgroup=cgroup)


def _cgroup(container: Container) -> Cgroup | None:
    """None where its process id counts on another machine, or the virtual one of Docker Desktop."""
    return find_cgroup(container.pid, container.container_id) if container.pid else None


def _s3_settings(container: Container) -> S3Settings:
    return S3Settings.model_validate(
        {
            "endpoint": f"{LOOPBACK}:{container.port}",
            "access_key": container.environment.get("AWS_ACCESS_KEY_ID"),
            "secret_key": container.environment.get("AWS_SECRET_ACCESS_KEY"),
            "secure": False,
        }
    )


def _states(containers: dict[str, Container], services: tuple[str, ...]) -> str:
    return ", ".join(
        f"{service} {containers[service].state if service in containers else 'missing'}"
        for service in services
    )


def _require_images(engine: Engine, services: tuple[str, ...]) -> None:
    for image in sorted({service_image(service) for service in services}):
        if engine.run(["docker", "image", "inspect", image]).returncode != 0:
            msg = f"image {image} is not here, and is not pulled unasked: docker pull {image}"
            raise StackNotInstalled(msg)


def _compose(engine: Engine, project: str, *words: str, keys: Mapping[str, str] | None) -> None:
    # All services are named or gone through, whatever their profile.
    every = [word for name in profiles() for word in ("--profile", name)]
    answer = engine.run(
        [
            *engine.compose_command(),
            *("--file", str(compose_file()), "--project-name", project),
            *("--project-directory", str(Path.cwd()), *every),
            *words,
        ],
        timeout_s=HEALTH_TIMEOUT_S,
        environment=keys,
    )
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        msg = f"docker compose {words[0]} failed: {last}"
        raise StackStartFailed(msg)
