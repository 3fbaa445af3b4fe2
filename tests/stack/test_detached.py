"""A stack that outlives the command which started it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.processes import gone, start_python, wait_until
from wildfire_bench.errors import StackError
from wildfire_bench.stack import StackKind, open_stack
from wildfire_bench.stack.detached import find_detached, start_detached, stop_detached
from wildfire_bench.stack.state import (
    FILE,
    RecordedProcess,
    RecordedStack,
    read_record,
    record_process,
    state_dir,
    state_lock,
    write_record,
)

UP = """
import sys
from pathlib import Path
from wildfire_bench.stack.detached import start_detached
print(start_detached(folder=Path(sys.argv[1])).bootstrap_servers)
"""


@pytest.fixture(scope="module")
def left_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of the record of a stack whose starter has ended."""
    folder = tmp_path_factory.mktemp("state")
    starter = start_python(UP, str(folder))
    _, errors = starter.communicate(timeout=120)
    assert starter.returncode == 0, errors.decode()
    yield folder
    stop_detached(folder=folder)


@pytest.mark.integration
def test_auto_finds_what_was_left_running(
    left_running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(left_running))
    monkeypatch.setenv("PATH", "/nonexistent")  # no docker
    with open_stack("auto") as stack:
        assert stack.kind is StackKind.EMBEDDED
        assert stack.attached


@pytest.mark.integration
def test_closing_leaves_it_running(left_running: Path) -> None:
    stack = find_detached(folder=left_running)
    assert stack is not None
    stack.close()
    assert find_detached(folder=left_running) is not None


@pytest.mark.integration
def test_attached_broker_is_not_ours_to_kill(left_running: Path) -> None:
    stack = find_detached(folder=left_running)
    assert stack is not None
    with pytest.raises(StackError, match="not started by this process"):
        stack.brokers[0].kill()


@pytest.mark.integration
def test_starting_again_keeps_the_one_that_runs(left_running: Path) -> None:
    before = read_record(left_running)
    assert start_detached(folder=left_running) == before


@pytest.mark.integration
def test_starting_another_size_is_refused(left_running: Path) -> None:
    with pytest.raises(StackError, match="stack down"):
        start_detached(brokers=3, folder=left_running)


@pytest.mark.integration
def test_record_is_for_its_owner_alone(left_running: Path) -> None:
    assert stat.S_IMODE((left_running / FILE).stat().st_mode) == 0o600


@pytest.mark.integration
def test_cluster_is_not_found_where_one_broker_runs(left_running: Path) -> None:
    assert find_detached(brokers=3, folder=left_running) is None


@pytest.mark.integration
def test_stopping_leaves_no_process(left_running: Path) -> None:
    record = read_record(left_running)
    assert record is not None
    assert stop_detached(folder=left_running)
    assert gone(*(process.pid for process in record.processes))
    assert not stop_detached(folder=left_running)


def _record_of_this_process(started_at: float | None = None) -> RecordedStack:
    process = record_process("broker-1", os.getpid())
    if started_at is not None:
        process = process.model_copy(update={"started_at": started_at})
    return RecordedStack(
        supervisor=process,
        brokers=(process,),
        s3_server=None,
        bootstrap_servers="127.0.0.1:9092",
        s3=None,
    )


def test_record_reads_as_it_was_written(tmp_path: Path) -> None:
    record = _record_of_this_process()
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


def test_a_stack_that_keeps_its_data_elsewhere_is_not_passed_off_as_the_one_asked_for(
    tmp_path: Path,
) -> None:
    write_record(tmp_path, _record_of_this_process())
    with pytest.raises(StackError, match=r"keeps its data in .*stack down"):
        start_detached(s3=False, data_dir=tmp_path / "mine", folder=tmp_path)


def test_a_stack_without_s3_is_not_passed_off_as_one_with_it(tmp_path: Path) -> None:
    write_record(tmp_path, _record_of_this_process())
    with pytest.raises(StackError, match="without S3 runs already"):
        start_detached(folder=tmp_path)


def test_a_stack_that_is_what_was_asked_for_is_kept(tmp_path: Path) -> None:
    record = _record_of_this_process()
    broker = record.brokers[0].model_copy(update={"data_dir": tmp_path / "mine" / "broker-1"})
    record = record.model_copy(update={"brokers": (broker,)})
    write_record(tmp_path, record)
    assert start_detached(s3=False, data_dir=tmp_path / "mine", folder=tmp_path) == record


def test_process_that_took_over_an_id_is_not_the_recorded_one(tmp_path: Path) -> None:
    write_record(tmp_path, _record_of_this_process(started_at=1.0))
    assert find_detached(folder=tmp_path) is None


def test_stopping_a_stale_record_spares_whoever_has_its_ids(tmp_path: Path) -> None:
    bystander = start_python("import time; time.sleep(60)")
    stale = RecordedProcess(name="broker-1", pid=bystander.pid, started_at=1.0)
    record = _record_of_this_process(started_at=1.0).model_copy(update={"brokers": (stale,)})
    write_record(tmp_path, record)

    assert not stop_detached(folder=tmp_path)

    assert bystander.poll() is None
    assert read_record(tmp_path) is None
    bystander.kill()
    bystander.communicate()


def test_ended_process_does_not_run(tmp_path: Path) -> None:
    process = start_python("import time; time.sleep(60)")
    recorded = record_process("broker-1", process.pid)
    assert recorded.runs()
    recorded.kill()
    process.communicate()
    wait_until(lambda: not recorded.runs(), lambda: recorded)


def test_unreadable_record_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 99}))
    with pytest.raises(StackError, match="delete it"):
        read_record(tmp_path)


def test_record_is_found_from_a_folder_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WILDFIRE_BENCH_STATE_DIR", raising=False)
    write_record(tmp_path / ".stack", _record_of_this_process())
    below = tmp_path / "notebooks"
    below.mkdir()
    monkeypatch.chdir(below)
    assert state_dir() == tmp_path / ".stack"


def test_two_commands_do_not_work_on_one_record(tmp_path: Path) -> None:
    with (
        state_lock(tmp_path),
        pytest.raises(StackError, match="another"),
        state_lock(tmp_path),
    ):
        pass


def test_s3_key_is_not_in_a_printed_record() -> None:
    from wildfire_bench.stack.state import RecordedS3

    assert "hidden" not in repr(RecordedS3(endpoint="e", access_key="a", secret_key="hidden"))
