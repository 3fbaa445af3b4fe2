import subprocess
import sys

import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.doctor.checks import stack
from wildfire_bench.settings import Settings
from wildfire_bench.stack.containers import Container
from wildfire_bench.stack.state import RecordedStack, record_process, write_record


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the record of a stack is looked for."""
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def server():
    """A process to be taken for a server."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def embedded():
    return finding("stack.embedded", Settings())


def record(folder, pid):
    process = record_process("supervisor", pid)
    write_record(
        folder,
        RecordedStack(
            supervisor=process,
            brokers=(),
            s3_server=None,
            bootstrap_servers="127.0.0.1:1",
            s3=None,
        ),
    )


def container(status, health):
    return Container(
        "wildfire-kafka", "wildfire-kafka", "p", "0", None, status, 0, health, {}, {}, {}
    )


def test_nothing_left_is_fine(folder):
    assert embedded().severity is Severity.OK


def test_a_stack_that_runs_is_fine(folder, server):
    record(folder, server.pid)
    assert embedded().severity is Severity.OK


def test_a_record_of_servers_that_are_gone_is_a_warning(folder, server):
    record(folder, server.pid)
    server.communicate()
    found = embedded()
    assert (found.severity, found.remedy) == (Severity.WARN, "wildfire-bench stack down")


def test_a_record_that_cannot_be_read_fails(folder):
    (folder / "stack.json").write_text("{")
    assert embedded().severity is Severity.FAIL


@pytest.mark.parametrize(
    ("containers", "severity"),
    [
        ({}, Severity.SKIPPED),
        ({"wildfire-kafka": container("running", "healthy")}, Severity.OK),
        ({"wildfire-kafka": container("exited", None)}, Severity.WARN),
        ({"wildfire-kafka": container("running", "unhealthy")}, Severity.WARN),
    ],
)
def test_containers_that_are_not_healthy_are_told(monkeypatch, containers, severity):
    monkeypatch.setattr(stack, "compose_containers", lambda: containers)
    assert finding("stack.compose", Settings()).severity is severity
