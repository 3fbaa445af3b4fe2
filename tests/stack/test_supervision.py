"""Servers end with the process that started them, whichever way that ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.stack.processes import gone, start_python, wait_until
from wildfire_bench.errors import StackError, StackStartFailed
from wildfire_bench.stack.supervision import Command, Supervision

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="embedded stacks are POSIX only")

OWNER = """
import os, sys, time
from pathlib import Path
from wildfire_bench.stack.supervision import Command, Supervision

folder = Path(sys.argv[1])
supervision = Supervision(folder / "log", [folder / "data"], 0.0)
server = Command("server", ("/bin/sleep", "300"), {}, folder / "log", folder)
print(supervision.start(server), supervision.pid, flush=True)
if "fork" in sys.argv and os.fork() == 0:
    time.sleep(120)
time.sleep(120)
"""


def _command(folder: Path, *argv: str, name: str = "server") -> Command:
    return Command(name, argv or ("/bin/sleep", "300"), {}, folder / "log", folder)


@pytest.fixture
def supervision(tmp_path: Path) -> Iterator[Supervision]:
    (tmp_path / "data").mkdir()
    running = Supervision(tmp_path / "log", [tmp_path / "data"], 0.0)
    yield running
    running.close()


def test_started_server_runs(supervision: Supervision, tmp_path: Path) -> None:
    pid = supervision.start(_command(tmp_path))
    assert psutil.pid_exists(pid)
    assert supervision.exit_status("server") is None


def test_closing_ends_the_server_and_removes_its_data(
    supervision: Supervision, tmp_path: Path
) -> None:
    pid = supervision.start(_command(tmp_path))
    supervision.close()
    assert gone(pid)
    assert not (tmp_path / "data").exists()


def test_server_that_will_not_stop_is_killed(supervision: Supervision, tmp_path: Path) -> None:
    stubborn = "trap '' TERM; echo ready; while :; do sleep 1; done"
    pid = supervision.start(_command(tmp_path, "/bin/sh", "-c", stubborn))
    wait_until(lambda: "ready" in (tmp_path / "log").read_text(), lambda: "no sign")
    supervision.end("server", grace_s=0.2)
    assert gone(pid)


def test_exit_status_of_an_ended_server_is_known(supervision: Supervision, tmp_path: Path) -> None:
    supervision.start(_command(tmp_path, "/bin/sh", "-c", "exit 3"))
    wait_until(lambda: supervision.exit_status("server") is not None, lambda: "still running")
    assert supervision.exit_status("server") == 3


def test_program_that_does_not_exist_is_an_error(supervision: Supervision, tmp_path: Path) -> None:
    with pytest.raises(StackStartFailed, match="No such file"):
        supervision.start(_command(tmp_path, "/nonexistent/java"))


def test_closed_supervision_says_so(supervision: Supervision, tmp_path: Path) -> None:
    supervision.close()
    with pytest.raises(StackError, match="closed"):
        supervision.start(_command(tmp_path))


def test_killed_supervisor_takes_the_server_along(supervision: Supervision, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child of its parent's death")
    pid = supervision.start(_command(tmp_path))
    os.kill(supervision.pid, signal.SIGKILL)
    wait_until(lambda: gone(pid), lambda: pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_of_an_owner_that_ends_by(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    owner = start_python(OWNER, str(tmp_path))
    assert owner.stdout is not None
    pids = [int(word) for word in owner.stdout.readline().split()]

    owner.send_signal(number)
    owner.communicate(timeout=20)

    wait_until(lambda: gone(*pids), lambda: [pid for pid in pids if not gone(pid)])
    assert not (tmp_path / "data").exists()


def test_fork_that_outlives_the_owner_does_not_keep_the_servers(tmp_path: Path) -> None:
    owner = start_python(OWNER, str(tmp_path), "fork")
    assert owner.stdout is not None
    pids = [int(word) for word in owner.stdout.readline().split()]
    wait_until(lambda: len(psutil.Process(owner.pid).children()) == 2, lambda: "no fork yet")
    fork = next(c for c in psutil.Process(owner.pid).children() if c.pid not in pids)

    owner.kill()
    owner.wait(timeout=20)

    wait_until(lambda: gone(*pids), lambda: [pid for pid in pids if not gone(pid)])
    fork.kill()
    owner.stdout.close()
    assert owner.stderr is not None
    owner.stderr.close()
