from __future__ import annotations

import pytest

from wildfire_bench.streaming.receiving.command_queue import CommandQueue


def test_commands_run_in_the_order_they_were_left() -> None:
    commands, done = CommandQueue(), list[int]()
    for number in range(3):
        commands.put(lambda number=number: done.append(number))
    commands.run()
    assert done == [0, 1, 2]


def test_what_a_command_leaves_runs_as_well() -> None:
    commands, done = CommandQueue(), list[int]()
    commands.put(lambda: commands.put(lambda: done.append(1)))
    commands.run()
    assert done == [1]


def test_a_wait_for_nothing_ends() -> None:
    CommandQueue().run(timeout_s=0.001)


def test_after_the_end_a_command_runs_where_it_is_left() -> None:
    commands, done = CommandQueue(), list[int]()
    commands.end()
    commands.put(lambda: done.append(1))
    assert done == [1]


def test_at_the_end_a_command_that_fails_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    commands, done = CommandQueue(), list[int]()
    commands.put([].pop)
    commands.put(lambda: done.append(1))
    commands.end()
    assert done == [1]
    assert "a command failed" in caplog.text
