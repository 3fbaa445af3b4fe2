"""`wildfire-bench stack`, as a user types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.stack.processes import start_python
from wildfire_bench.cli.stack import app
from wildfire_bench.errors import InputError
from wildfire_bench.stack.state import RecordedStack, record_process, write_record


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", "/nonexistent")  # a docker here must not answer
    runner = CliRunner()
    yield runner
    runner.invoke(app, ["down"])


def _json(result: Result) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(result.stdout)
    return parsed


def test_status_of_nothing_is_one(run: CliRunner) -> None:
    result = run.invoke(app, ["status", "--json"])
    assert result.exit_code == 1
    assert _json(result) == {"running": False}


def test_stopping_nothing_is_no_error(run: CliRunner) -> None:
    result = run.invoke(app, ["down"])
    assert result.exit_code == 0
    assert result.stdout == "no stack ran\n"


def test_two_brokers_are_refused(run: CliRunner) -> None:
    assert isinstance(run.invoke(app, ["up", "--brokers", "2"]).exception, InputError)


@pytest.mark.parametrize("command", ["up", "status", "down"])
def test_help_has_an_example(run: CliRunner, command: str) -> None:
    assert f"wildfire-bench stack {command}" in run.invoke(app, [command, "--help"]).stdout


@pytest.fixture
def broken(run: CliRunner, tmp_path: Path) -> Iterator[CliRunner]:
    """The shell of a user whose broker was killed beside a living S3."""
    servers = {name: start_python("import time; time.sleep(60)") for name in ("broker-1", "s3")}
    broker, s3 = (record_process(name, each.pid) for name, each in servers.items())
    record = RecordedStack(
        supervisor=s3, brokers=(broker,), s3_server=s3, bootstrap_servers="127.0.0.1:1", s3=None
    )
    write_record(tmp_path / "state", record)
    servers["broker-1"].kill()
    servers["broker-1"].communicate()
    yield run
    servers["s3"].kill()
    servers["s3"].communicate()


def test_status_tells_that_a_broker_has_ended_beside_a_living_s3(broken: CliRunner) -> None:
    result = broken.invoke(app, ["status"])
    assert result.exit_code == 1
    assert result.stdout.startswith("ended: broker-1\nstill running: s3")
    assert "wildfire-bench stack up" in result.stdout


def test_status_tells_programs_what_has_ended(broken: CliRunner) -> None:
    told = _json(broken.invoke(app, ["status", "--json"]))
    assert (told["running"], told["ended"]) == (False, ["broker-1"])


@pytest.mark.integration
def test_stack_goes_up_shows_and_goes_down(run: CliRunner) -> None:
    up = run.invoke(app, ["up", "--no-s3", "--json"])
    assert up.exit_code == 0, up.output
    assert _json(run.invoke(app, ["status", "--json"])) == _json(up)
    assert _json(run.invoke(app, ["down", "--json"])) == {"stopped": True}
    assert run.invoke(app, ["status"]).exit_code == 1
