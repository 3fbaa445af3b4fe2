"""What a command leaves behind when it is ended in the middle: nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupState

from wildfire_bench.cli import main
from wildfire_bench.cli.interruption import sigterm_interrupts
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs

DEADLINE_S = 60
PYTHON = "import signal, sys; from wildfire_bench.cli import main; "
IGNORING = "signal.signal(signal.SIGINT, signal.SIG_IGN); "
"""As the commands that a script puts into the background."""


@contextmanager
def running(*arguments: str, before: str = ""):
    """The command in a process of its own, with its output in a file."""
    code = f"{PYTHON}{before}sys.exit(main({list(arguments)!r}))"
    output = Path("output").absolute()
    with (
        output.open("wb") as file,
        subprocess.Popen([sys.executable, "-c", code], stdout=file, stderr=file) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        said = Path("output").read_text()
        assert process is None or process.poll() is None, f"it ended by itself: {said}"
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


@pytest.fixture
def new_topics(user):
    """Names of the topics that have come since the test began."""
    admin = open_admin(user)
    made = {spec.name for spec in topic_specs(user)}  # which the broker may list a moment later

    def topics() -> set[str]:
        there = admin.list_topics(timeout=10).topics
        return {name for name in there if not name.startswith("__")} - made

    there = topics()
    return lambda: topics() - there


@pytest.mark.integration
@pytest.mark.parametrize(
    ("command", "before"),
    [
        ("rollback rehearse", ""),
        ("rollback rehearse", IGNORING),
        ("verify --no-boundaries", ""),
        ("verify --no-boundaries", IGNORING),
        ("bench routes --rounds 1", ""),
        ("bench matrix --profile smoke", IGNORING),
    ],
)
def test_a_command_that_is_terminated_leaves_no_topic(new_topics, command, before):
    with running(*command.split(), before=before) as process:
        until(new_topics, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 143, Path("output").read_text()
    until(lambda: not new_topics())


@pytest.mark.integration
def test_a_rehearsal_that_is_terminated_among_images_leaves_no_topic_and_no_group(user, new_topics):
    admin = open_admin(user)

    def new_groups(**which: object) -> set[str]:
        valid = admin.list_consumer_groups(request_timeout=10, **which).result().valid
        return {each.group_id for each in valid if each.group_id.startswith(user.topic_prefix)}

    with running("rollback", "rehearse", before=IGNORING) as process:
        # a consumer that ends in the middle of joining is missed only after the session's time-out
        until(lambda: new_groups(states={ConsumerGroupState.STABLE}), process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 143, Path("output").read_text()
    until(lambda: not new_topics() | new_groups())


@pytest.mark.integration
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_ends_among_images_leaves_no_topic(new_topics, number, status):
    with running("verify", "--no-boundaries") as process:
        until(lambda: "identical" in Path("output").read_text(), process)
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == status, Path("output").read_text()
    until(lambda: not new_topics())


def test_the_second_one_is_left_to_the_system():
    with sigterm_interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_process_that_is_being_started_does_not_swallow_it():
    with sigterm_interrupts():
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_a_command_leaves_the_handlers_as_they_were(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        main(["--version"])
        found = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == (handler, signal.SIG_DFL)


def test_a_command_runs_outside_the_main_thread():
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(main(["--version"])))
    thread.start()
    thread.join(DEADLINE_S)
    assert statuses == [0]
