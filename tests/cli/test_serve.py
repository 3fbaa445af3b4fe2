"""``serve`` as an operator runs it: a process, its status API, its log, its end."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.served import DEADLINE_S, TOKEN, prometheus, queried, sample, serve, serving, wait_for
from tests.streaming.examples import READING
from wildfire_bench.monitoring.panels import PANELS
from wildfire_bench.report.notebooks import run_notebook
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer

pytestmark = pytest.mark.integration

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


async def send_a_reading(settings: Settings) -> None:
    async with KafkaDataProducer(settings=settings) as producer:
        await producer.send(READING, "iot_sensor", "station-7")


def rules(url: str) -> list[Any]:
    groups = httpx.get(f"{url}/api/v1/rules", timeout=10).json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


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
        with prometheus(url, tmp_path) as asked:
            wait_for(lambda: len(queried(asked, "binary_images_sent_total[1m]")), "it scrapes")
            (incoming / "direct.json").write_text('{"satellite": "Landsat-8"}')
            for name, size in sizes.items():
                (incoming / f"{name}.tif").write_bytes(tiff(size))
            received = f'sum(wildfire_images_received_total{{group="{user.topic_prefix}g"}})'
            three = lambda: [each["value"][1] for each in queried(asked, received)] == ["3"]  # noqa: E731
            wait_for(three, "all are received")
            for name in GUIDES_METRICS:
                wait_for(lambda name=name: queried(asked, name), f"{name} in Prometheus")
            asyncio.run(send_a_reading(user))
            records = f'wildfire_records_received_total{{group="{user.topic_prefix}g-records"}}'
            wait_for(lambda: queried(asked, records), "a group of the records' own")
            for query in (query for panel in PANELS for query in panel.queries):
                text = query.over("20s")
                wait_for(lambda text=text: queried(asked, text), text)
            for rule in rules(asked):
                assert rule["health"] == "ok", rule
            where = {"prometheus_url": asked, "minutes": 1, "window": "20s"}
            page = run_notebook("dashboard", where, tmp_path / "page").path.read_text()
            up = [each["value"][1] for each in queried(asked, "up")]
        assert sample(url, "binary_images_sent_total") == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert up == ["1"]
    assert "Every panel has something to show." in page
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
