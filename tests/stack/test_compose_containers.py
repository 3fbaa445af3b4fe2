"""One broker and S3 in real containers: what a user does with them, from `up` to `down`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from tests.stack.containers import running_containers
from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.bench.results.bench_run import load_results
from wildfire_bench.bench.storage_probe import StorageProbe
from wildfire_bench.cli import main
from wildfire_bench.errors import StackStartFailed
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack, open_stack
from wildfire_bench.streaming.connection import client_config, open_admin

pytestmark = [pytest.mark.integration, pytest.mark.docker, pytest.mark.timeout(240)]

LIMIT_BYTES = 20_971_520
RECORD_OVERHEAD_BYTES = 74


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_containers(tmp_path_factory.mktemp("compose")), open_stack("compose") as running:
        yield running


def _fill(stack: Stack, topic: str, size_bytes: int) -> None:
    admin = open_admin(stack.apply(Settings()))
    limit = NewTopic(topic, 1, 1, config={"max.message.bytes": str(LIMIT_BYTES)})
    admin.create_topics([limit])[topic].result(timeout=20)
    producer = Producer({**client_config(stack.kafka), "message.max.bytes": 2 * LIMIT_BYTES})
    errors: list[object] = []
    producer.produce(topic, os.urandom(size_bytes), on_delivery=lambda e, _: errors.append(e))
    producer.flush(60)
    assert errors == [None]


def test_status_shows_the_containers(containers: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["stack", "status", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["bootstrap_servers"]) == ("compose", containers.bootstrap_servers)


@pytest.mark.usefixtures("containers")
def test_every_route_format_and_codec_arrives_as_it_was_sent() -> None:
    assert main(["verify", "--stack", "compose"]) == 0


@pytest.mark.usefixtures("containers")
def test_report_measures_the_containers(tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("report")
    where = ["--out", str(out), "--store", str(out / "kept")]
    assert main(["report", "--profile", "smoke", "--stack", "compose", *where]) == 0
    results = load_results(out / "notebooks" / "before_after" / "results.json")
    assert results.failures() == []
    assert all(block.broker_cpu_s and block.broker_peak_bytes for block in results.blocks)
    assert all(block.broker_system_cpu_s is not None for block in results.blocks)


def test_cpu_time_of_the_container_grows_with_its_work(containers: Stack) -> None:
    probe = ServerProbe(containers.brokers, "brokers")
    before = probe.cpu_s()
    _fill(containers, "cpu", LIMIT_BYTES - RECORD_OVERHEAD_BYTES)
    after = probe.cpu_s()
    assert before is not None
    assert after is not None
    assert after > before


def test_memory_of_the_container_is_that_of_a_broker(containers: Stack) -> None:
    memory_bytes = ServerProbe(containers.brokers, "brokers").memory_bytes()
    assert memory_bytes is not None
    assert 150_000_000 < memory_bytes < 2_000_000_000


def test_the_container_of_the_store_is_counted_too(containers: Stack) -> None:
    assert containers.s3_server is not None
    probe = ServerProbe([containers.s3_server], "object stores")
    assert (probe.missing, bool(probe.cpu_s()), bool(probe.memory_bytes())) == (None, True, True)


def test_log_folder_and_broker_agree_on_the_bytes_stored(containers: Stack) -> None:
    _fill(containers, "stored", LIMIT_BYTES - RECORD_OVERHEAD_BYTES)
    with StorageProbe(containers.kafka, containers.brokers) as storage:
        files = storage.file_bytes("stored")
        if files is None:
            pytest.skip("the volumes of the engine cannot be read here")
        assert files == storage.log_dir_bytes("stored") == LIMIT_BYTES


def test_data_outlives_the_containers(containers: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(containers, "kept", 1000)
    assert containers.s3 is not None
    assert containers.s3.access_key is not None
    assert containers.s3.secret_key is not None
    monkeypatch.setenv("S3_ACCESS_KEY", containers.s3.access_key)
    monkeypatch.setenv("S3_SECRET_KEY", containers.s3.secret_key.get_secret_value())
    assert main(["stack", "down"]) == 0
    assert main(["stack", "up", "--kind", "compose"]) == 0
    with open_stack("compose") as again:
        topics = open_admin(again.apply(Settings())).list_topics(timeout=20).topics
    assert "kept" in topics


@pytest.mark.usefixtures("containers")
def test_killed_broker_is_told() -> None:
    # Not started again: nothing comes after it.
    subprocess.run(["docker", "kill", "wildfire-kafka"], check=True, capture_output=True)
    with pytest.raises(StackStartFailed, match="wildfire-kafka exited"):
        open_stack("compose")
