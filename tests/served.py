"""``wildfire-bench serve`` as a process of its own, and a Prometheus that scrapes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from wildfire_bench.settings import Settings
from wildfire_bench.stack.ports import free_ports

DEADLINE_S = 60
TOKEN = "a-token-that-nobody-guesses"
MONITORING = Path(__file__).parents[1] / "monitoring"


def serve(*options: str) -> list[str]:
    """The command, for a process of its own."""
    code = "import sys; from wildfire_bench.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, "serve", *options]


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The first true answer; fails after a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            if answer := condition():
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"not within {DEADLINE_S} s: {what}")


@contextmanager
def serving(settings: Settings, folder: Path, *options: str) -> Iterator[tuple[str, Any, Path]]:
    """Base URL, process and log of a service that is ready."""
    (port,) = free_ports(1)
    log = folder / "serve.log"
    assert settings.s3.secret_key is not None
    given = {
        "S3_ENDPOINT": str(settings.s3.endpoint),
        "S3_ACCESS_KEY": str(settings.s3.access_key),
        "S3_SECRET_KEY": settings.s3.secret_key.get_secret_value(),
        "S3_SECURE": "false",
        "S3_BUCKET": settings.s3.bucket,
        "WILDFIRE_SERVICE_TOKEN": TOKEN,
    }
    command = serve("--port", str(port), *options)
    with log.open("wb") as err:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **given}, stderr=err, stdout=err
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(
            lambda: process.poll() is not None or get(url, "/readyz").status_code == 200, "ready"
        )
        yield url, process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def get(url: str, path: str) -> httpx.Response:
    return httpx.get(url + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)


def sample(url: str, name: str) -> float:
    lines = get(url, "/metrics").text.splitlines()
    return sum(float(line.split(" ")[1]) for line in lines if line.split(" ")[0] == name)


@contextmanager
def prometheus(url: str, folder: Path) -> Iterator[str]:
    """A Prometheus with the project's own files, pointed at a service and in more of a hurry."""
    if shutil.which("prometheus") is None:
        pytest.skip("Debian's prometheus is not installed")
    (port,) = free_ports(1)
    for name in ("prometheus.yml", "rules.yml"):
        shutil.copy(MONITORING / name, folder)
    (folder / "token").write_text(TOKEN)
    config = folder / "prometheus.yml"
    text = config.read_text()
    for told, here in (
        ("wildfire-data-ingestion:8003", url.removeprefix("http://")),
        ("interval: 15s", "interval: 1s"),
    ):
        assert told in text
        text = text.replace(told, here)
    config.write_text(text)
    where = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", *where, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def queried(url: str, query: str) -> list[Any]:
    answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, timeout=10)
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return []  # it has just been started
    result: list[Any] = answer.raise_for_status().json()["data"]["result"]
    return result
