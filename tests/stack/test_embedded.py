"""A real broker and S3, started from wheels and jars."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from minio import Minio

from tests.stack.processes import OPEN_AND_WAIT, gone, report_of, start_python, wait_until
from wildfire_bench.errors import StackStartFailed
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack, embedded, embedded_servers, open_stack
from wildfire_bench.stack.ports import LOOPBACK, free_ports
from wildfire_bench.streaming.connection import client_config

pytestmark = pytest.mark.integration


def test_topic_can_be_made_at_once(settings: Settings) -> None:
    admin = AdminClient(client_config(settings.kafka))
    topic = f"{settings.topic_prefix}first"

    admin.create_topics([NewTopic(topic, 1)])[topic].result(timeout=10)

    assert topic in admin.list_topics(timeout=5).topics


def test_object_can_be_stored_at_once(settings: Settings) -> None:
    s3 = settings.s3
    assert s3.endpoint is not None
    assert s3.secret_key is not None
    client = Minio(s3.endpoint, s3.access_key, s3.secret_key.get_secret_value(), secure=False)

    client.make_bucket(s3.bucket)
    client.put_object(s3.bucket, "one", io.BytesIO(b"1"), 1)

    assert client.stat_object(s3.bucket, "one").size == 1


def test_s3_keys_show_nowhere_in_a_printed_stack(stack: Stack) -> None:
    assert stack.s3 is not None
    assert stack.s3.secret_key is not None

    shown = f"{stack!r} {stack.s3!r} {stack.brokers!r} {stack.s3_server!r}"

    assert stack.s3.secret_key.get_secret_value() not in shown


def test_second_stack_runs_beside_the_first(stack: Stack) -> None:
    with open_stack("embedded") as second:
        addresses = {stack.bootstrap_servers, second.bootstrap_servers}
        endpoints = {each.s3.endpoint for each in (stack, second) if each.s3 is not None}
        assert len(addresses) == len(endpoints) == 2
        assert _topics(second) == set()


def test_stack_starts_with_no_java_in_sight_and_without_a_word() -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAVA", "JDK", "_JAVA"))
    }
    owner = start_python(OPEN_AND_WAIT, "true", env={**environment, "PATH": "/nonexistent"})
    try:
        assert len(report_of(owner)["pids"]) == 2
    finally:
        owner.terminate()
        _, errors = owner.communicate(timeout=20)
    assert errors == b""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_and_no_data_is_left_of_an_owner_that_ends_by(number: signal.Signals) -> None:
    owner = start_python(OPEN_AND_WAIT, "true")
    report = report_of(owner)
    descendants: list[psutil.Process] = report["descendants"]
    assert {process.pid for process in descendants} > set(report["pids"])

    owner.send_signal(number)
    owner.communicate(timeout=30)

    wait_until(
        lambda: gone(*descendants),
        lambda: [process for process in descendants if not gone(process)],
    )
    assert not Path(report["folder"]).exists()


def test_given_folder_keeps_its_topics(tmp_path: Path) -> None:
    with open_stack("embedded", s3=False, data_dir=tmp_path) as first:
        admin = AdminClient(client_config(first.kafka))
        admin.create_topics([NewTopic("kept", 1)])["kept"].result(timeout=10)
    with open_stack("embedded", s3=False, data_dir=tmp_path) as second:
        assert "kept" in _topics(second)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as taken:
        yield taken.getsockname()[1]


def test_taken_port_is_answered_with_others(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers = iter([taken_port])

    def ports(count: int) -> tuple[int, ...]:
        return (*free_ports(count - 1), next(offers, free_ports(1)[0]))

    monkeypatch.setattr(embedded_servers, "free_ports", ports)
    with open_stack("embedded", s3=False) as second:
        assert not list(offers)
        assert _topics(second) == set()


def test_port_that_stays_taken_is_an_error_that_names_the_log(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "START_ATTEMPTS", 1)
    monkeypatch.setattr(
        embedded_servers, "free_ports", lambda count: (*free_ports(count - 1), taken_port)
    )
    with pytest.raises(StackStartFailed, match=r"a port is taken; .*broker-1\.log") as raised:
        open_stack("embedded", s3=False)
    named = re.search(r"\S+broker-1\.log", str(raised.value))
    assert named is not None
    assert "already in use" in Path(named[0]).read_text()
    shutil.rmtree(Path(named[0]).parents[1])


def test_folder_of_another_cluster_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "broker-1" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\nnode.id=1\ncluster.id=anothercluster\n")

    with pytest.raises(StackStartFailed, match="another cluster; give another folder"):
        open_stack("embedded", s3=False, data_dir=tmp_path)


def test_full_disk_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "FREE_DISK_BYTES", 1 << 60)
    with pytest.raises(StackStartFailed, match="bytes free"):
        open_stack("embedded")


def _topics(stack: Stack) -> set[str]:
    return set(AdminClient(client_config(stack.kafka)).list_topics(timeout=10).topics)
