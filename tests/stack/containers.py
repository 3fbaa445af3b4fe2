"""The stack of docker-compose.yml for tests: real containers, with a project of their own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wildfire_bench.cli import main
from wildfire_bench.errors import StackNotInstalled
from wildfire_bench.stack.compose_file import (
    S3_SERVICE,
    SINGLE_SERVICE,
    container_names,
    service_image,
)
from wildfire_bench.stack.engine import DockerEngine
from wildfire_bench.stack.ports import free_ports

PORTS = ("KAFKA_PORT", "KAFKA_1_PORT", "KAFKA_2_PORT", "KAFKA_3_PORT", "S3_PORT")
PROJECT = "wildfire-bench-tests"


@contextmanager
def running_containers(folder: Path, *options: str) -> Iterator[None]:
    """Start them by the command line, on free ports; take them and their data away again.

    The test skips, with the reason, where there is no engine, no Compose or no image, or where
    somebody uses the containers, whose names are fixed.
    """
    _skip_where_it_cannot_run()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COMPOSE_PROJECT_NAME", PROJECT)
        patch.setenv("WILDFIRE_BENCH_STATE_DIR", str(folder / "state"))
        patch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
        for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True):
            patch.setenv(name, str(port))
        with pytest.MonkeyPatch.context() as keys:
            # Only starting needs them: all else has to do without.
            keys.setenv("S3_ACCESS_KEY", secrets.token_hex(8))
            keys.setenv("S3_SECRET_KEY", secrets.token_hex(16))
            started = main(["stack", "up", "--kind", "compose", *options])
        try:
            assert started == 0
            yield
        finally:
            assert main(["stack", "down", "--kind", "compose", "--volumes"]) == 0


def require_image(image: str) -> None:
    """Skip where the engine has no such image: none is pulled."""
    if DockerEngine().run(["docker", "image", "inspect", image]).returncode != 0:
        pytest.skip(f"docker has no image {image}: scripts/build_stand_in_images.py")


def _skip_where_it_cannot_run() -> None:
    engine = DockerEngine()
    try:
        engine.require()
        engine.compose_command()
    except StackNotInstalled as error:
        pytest.skip(str(error))
    for image in (service_image(SINGLE_SERVICE), service_image(S3_SERVICE)):
        require_image(image)
    names = engine.run(["docker", "container", "ls", "--all", "--format", "{{.Names}}"]).stdout
    if used := set(names.split()) & set(container_names()):
        pytest.skip(f"in use: {', '.join(sorted(used))}")
