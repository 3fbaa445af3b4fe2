import os
import signal
import time

import psutil
import pytest

from wildfire_bench.bench.processes import Worker, WorkerFailure
from wildfire_bench.bench.worker import Command, Failure
from wildfire_bench.errors import BenchmarkError


def parrot(pipe):
    """A worker that knows a few tricks."""
    try:
        while True:
            command: Command = pipe.recv()
            if command.name == "fail":
                pipe.send(Failure("ValueError", "no good"))
            elif command.name == "exit":
                os._exit(3)
            elif command.name == "wait":
                time.sleep(60)
            else:
                pipe.send(command.arguments)
    except EOFError:
        pass


def test_a_worker_answers_what_it_is_asked():
    with Worker("parrot", parrot) as worker:
        assert worker.call("say", 20, word="fire") == {"word": "fire"}


def test_a_failure_in_a_worker_is_an_error_with_its_words():
    with Worker("parrot", parrot) as worker, pytest.raises(WorkerFailure, match="no good"):
        worker.call("fail", 20)


def test_a_worker_that_ends_is_an_error_with_its_exit_status():
    with Worker("parrot", parrot) as worker, pytest.raises(BenchmarkError, match="status 3"):
        worker.call("exit", 20)


def test_a_worker_that_hangs_is_an_error_after_the_time_out():
    with pytest.raises(BenchmarkError, match="not answer"), Worker("parrot", parrot) as worker:
        worker.call("wait", 0.1)


def test_a_killed_worker_is_an_error_and_leaves_no_process():
    with Worker("parrot", parrot) as worker:
        pid = worker.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(BenchmarkError, match="ended"):
            worker.call("say", 20)
    assert not psutil.pid_exists(pid)


def test_ctrl_c_does_not_reach_a_worker_that_is_still_importing():
    with Worker("parrot", parrot) as worker:
        os.kill(worker.pid, signal.SIGINT)
        assert worker.call("say", 20, word="fire") == {"word": "fire"}


def test_ctrl_c_reaches_the_parent_again_once_a_worker_runs():
    with Worker("parrot", parrot):
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
