"""The service in its container, by the guide's own commands, and Prometheus beside it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.stack.containers import PROJECT, require_image, running_containers
from wildfire_bench.cli import main
from wildfire_bench.stack.compose import compose_containers
from wildfire_bench.stack.compose_file import (
    DATA_INGESTION_SERVICE,
    PROMETHEUS_SERVICE,
    compose_file,
    service_image,
)
from wildfire_bench.stack.engine import Answer, DockerEngine
from wildfire_bench.stack.ports import free_ports

pytestmark = [pytest.mark.integration, pytest.mark.docker, pytest.mark.timeout(240)]

CONTAINER = "wildfire-data-ingestion"
TOKEN = "a-token-that-nobody-guesses"
DEADLINE_S = 90.0
PORTS = ("SERVICE_PORT", "PROMETHEUS_PORT")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Address of what listens on each port, once the service is ready."""
    with (
        running_containers(tmp_path_factory.mktemp("service")),
        pytest.MonkeyPatch.context() as env,
    ):
        require_image(service_image(DATA_INGESTION_SERVICE))
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        for name, port in ports.items():
            env.setenv(name, str(port))
        store = compose_containers()["wildfire-s3"].environment
        env.setenv("S3_ACCESS_KEY", store["AWS_ACCESS_KEY_ID"])
        env.setenv("S3_SECRET_KEY", store["AWS_SECRET_ACCESS_KEY"])
        compose("up", "-d", "--no-build", DATA_INGESTION_SERVICE)
        found = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        until(lambda: get(found["SERVICE_PORT"], "/readyz").status_code == 200)
        yield found


@pytest.fixture
def url(urls: dict[str, str]) -> str:
    """Address of the service's status API."""
    return urls["SERVICE_PORT"]


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def inside(program: str) -> Answer:
    """Run Python in the service's container."""
    return DockerEngine().run(["docker", "exec", CONTAINER, "python", "-c", program])


def compose(*words: str) -> None:
    command = DockerEngine().compose_command()
    project = ("--file", str(compose_file()), "--project-name", PROJECT)
    done = subprocess.run([*command, *project, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def get(url: str, path: str, **options: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(url + path, params=options or None, headers=headers, timeout=5)


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + DEADLINE_S
    last: object = None
    while time.monotonic() < ends:
        try:
            if last := holds():
                return
        except httpx.TransportError as error:
            last = error
        time.sleep(0.1)
    pytest.fail(f"not within {DEADLINE_S:g} s ({last!r}); {docker('logs', CONTAINER)}")


@pytest.mark.usefixtures("urls")
def test_its_log_has_the_lines_that_the_guide_expects() -> None:
    said = docker("logs", CONTAINER)
    assert "INFO: Using zstd compression (level: " in said
    assert "INFO: Binary Kafka producer started for image handling" in said
    assert "INFO: Image chunk manager initialized" in said


@pytest.mark.usefixtures("urls")
def test_the_guides_grep_shows_one_of_them() -> None:
    said = docker("logs", CONTAINER)
    (shown,) = (
        line for line in said.splitlines() if re.search("zstd|compression", line, re.IGNORECASE)
    )
    assert "Using zstd compression" in shown


@pytest.mark.usefixtures("urls")
def test_zstandard_is_installed_as_the_guide_asks() -> None:
    assert inside("import zstandard; print('OK')").stdout.strip() == "OK"


def test_the_guides_status_command_is_answered_without_a_token(url: str) -> None:
    answer = httpx.get(f"{url}/api/chunk-manager/status", timeout=5)
    assert answer.json()["in_flight"] == 0


@pytest.mark.usefixtures("urls")
def test_it_has_no_rights_and_is_nobody_on_the_host() -> None:
    status = inside("print(open('/proc/1/status').read())").stdout
    found = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert found["Uid"].split() == found["Gid"].split() == ["10001"] * 4
    assert (found["CapEff"], found["CapBnd"]) == ("0" * 16, "0" * 16)
    assert found["NoNewPrivs"] == "1"


@pytest.mark.usefixtures("urls")
def test_it_writes_into_its_volume_alone() -> None:
    assert inside("open('/data/spill/written', 'x')").returncode == 0
    for path in ("/written", "/opt/wildfire-bench/written"):
        assert "Read-only file system" in inside(f"open('{path}', 'x')").stderr


def test_an_image_put_into_its_folder_is_sent_and_received(url: str, tmp_path: Path) -> None:
    (tmp_path / "scene.tif").write_bytes(b"II*\0\x08\0\0\0" + bytes(5000))
    (tmp_path / "scene.tif.json").write_text('{"timestamp": "2025-10-13T10:00:00Z"}')
    for name in ("scene.tif.json", "scene.tif"):
        docker("cp", str(tmp_path / name), f"{CONTAINER}:/data/incoming/{name}")
    received = f'wildfire_images_received_total{{group="{CONTAINER}",route="direct"}} 1.0'
    until(lambda: received in get(url, "/metrics").text)


def test_prometheus_scrapes_it_with_its_token(
    urls: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_image(service_image(PROMETHEUS_SERVICE))
    monkeypatch.setenv("WILDFIRE_SERVICE_TOKEN", TOKEN)
    compose("up", "-d", "--no-build", DATA_INGESTION_SERVICE, PROMETHEUS_SERVICE)
    until(lambda: get(url, "/readyz").status_code == 200)
    assert httpx.get(f"{url}/metrics", timeout=5).status_code == 401
    until(lambda: up(urls["PROMETHEUS_PORT"]) == ["1"])


def up(prometheus: str) -> list[str]:
    """What Prometheus says of the service, once it has looked."""
    answer = get(prometheus, "/api/v1/query", query='up{job="wildfire"}')
    return [each["value"][1] for each in answer.json()["data"]["result"]]


@pytest.mark.usefixtures("urls")
def test_it_ends_in_order_when_it_is_stopped() -> None:
    docker("stop", CONTAINER)
    ended = json.loads(docker("inspect", "--format", "{{json .State}}", CONTAINER))
    assert ended["ExitCode"] == 0, docker("logs", CONTAINER)


@pytest.mark.usefixtures("urls")
def test_stack_down_takes_it_and_its_data_along() -> None:
    assert main(["stack", "down", "--kind", "compose", "--volumes"]) == 0
    assert compose_containers() == {}
    assert PROJECT not in docker("volume", "ls", "--quiet")
