"""``serve`` as an operator runs it: a process, its status API, its log, its end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
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

pytestmark = pytest.mark.integration

DEADLINE_S = 60
TOKEN = "a-token-that-nobody-guesses"
GUIDES_LINES = (
    "Using zstd compression (level: 1)",
    "Binary Kafka producer started for image handling",
    "Image chunk manager initialized",
)
GUIDES_METRICS = (
    "binary_images_sent_total",
    "chunked_images_total",
    "s3_uploads_total",
    "chunk_reassembly_success_rate",
    "image_serialization_duration_seconds_count",
    "compression_ratio_by_type",
)


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
    """A Prometheus that scrapes the service every second."""
    if shutil.which("prometheus") is None:
        pytest.skip("Debian's prometheus is not installed")
    (port,) = free_ports(1)
    config = folder / "prometheus.json"  # JSON is YAML
    job = {
        "job_name": "wildfire",
        "scrape_interval": "1s",
        "authorization": {"credentials": TOKEN},
        "static_configs": [{"targets": [url.removeprefix("http://")]}],
    }
    config.write_text(json.dumps({"scrape_configs": [job]}))
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
    answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
    result: list[Any] = answer.get("data", {}).get("result", [])
    return result


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


def tiff(size_bytes: int) -> bytes:
    head = b"II*\0\x08\0\0\0"
    return head + os.urandom(size_bytes - len(head))


def test_a_service_sends_receives_is_scraped_and_ends_in_good_order(
    user: Settings, incoming: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("DIRECT_MAX_BYTES", "CHUNK_BYTES"):
        monkeypatch.setenv(f"WILDFIRE_{variable}", "100000")
    monkeypatch.setenv("WILDFIRE_CHUNKED_MAX_BYTES", "500000")
    sizes = {"direct": 50_000, "chunked": 300_000, "reference": 600_000}
    options = ["--watch", "incoming", "--source-id", "nrt", "--settle", "0.1", "--log-format"]
    with serving(user, tmp_path, *options, "json", "--group", f"{user.topic_prefix}g") as running:
        url, process, log = running
        (incoming / "direct.json").write_text('{"satellite": "Landsat-8"}')
        for name, size in sizes.items():
            (incoming / f"{name}.tif").write_bytes(tiff(size))
        wait_for(lambda: sample(url, "binary_images_sent_total") == 3, "all are sent")
        with prometheus(url, tmp_path) as asked:
            for name in GUIDES_METRICS:
                wait_for(lambda name=name: queried(asked, name), f"{name} in Prometheus")
            received = f'sum(wildfire_images_received_total{{group="{user.topic_prefix}g"}})'
            three = lambda: [each["value"][1] for each in queried(asked, received)] == ["3"]  # noqa: E731
            wait_for(three, "all are received")
            up = [each["value"][1] for each in queried(asked, "up")]
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert up == ["1"]
    messages = [line["message"] for line in lines if line["log.level"] == "info"]
    assert [each for each in messages if each in GUIDES_LINES] == list(GUIDES_LINES)
    of_images = [line.get("wildfire.image_id") for line in lines if line["log.level"] == "info"]
    told = [each for each in of_images if each is not None]
    assert len(told) == len(set(told)) == 3
    assert [line for line in lines if line["log.level"] in {"error", "critical"}] == []
    text = log.read_text()
    assert user.s3.secret_key is not None
    assert TOKEN not in text
    assert user.s3.secret_key.get_secret_value() not in text


def test_a_port_that_is_taken_ends_the_service_with_one_line(
    user: Settings, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            serve("--port", str(port)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr.splitlines()[-1]


def test_an_address_that_others_reach_needs_a_token(user: Settings, tmp_path: Path) -> None:
    ended = subprocess.run(
        serve("--host", "0.0.0.0"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert ended.returncode == 2
    assert "set WILDFIRE_SERVICE_TOKEN" in ended.stderr.splitlines()[-1]


def test_a_part_that_fails_ends_the_service_with_its_error(
    user: Settings, incoming: Path, tmp_path: Path
) -> None:
    group = ["--group", f"{user.topic_prefix}g"]
    with serving(user, tmp_path, "--watch", "incoming", *group) as (_, process, log):
        shutil.rmtree(incoming)
        assert process.wait(DEADLINE_S) == 2
    assert "incoming" in log.read_text().splitlines()[-1]
