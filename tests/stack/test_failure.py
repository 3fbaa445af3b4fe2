"""Causes read from logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.stack.failure import (
    LINES_SHOWN,
    PORT_TAKEN,
    cause_and_remedy,
    lines_that_matter,
)


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("java.net.BindException: Address already in use", PORT_TAKEN),
        ("listen tcp 127.0.0.1:2000: bind: address already in use", PORT_TAKEN),
        ("Port allocation failed: port 2000 for S3 is not available on 127.0.0.1", PORT_TAKEN),
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("Failed to acquire lock on file .lock in /d", "its data folder is in use"),
        ("OpenJDK VM warning: Cannot allocate memory (errno=12)", "memory is short"),
        ("java.lang.OutOfMemoryError: Java heap space", "memory is short"),
        ("Error: Could not find or load main class kafka.Kafka", "a jar is missing"),
        ("java.lang.RuntimeException: Invalid cluster.id in: /d", "another cluster"),
        ("something new", "it ended early"),
    ],
)
def test_cause_is_told_from_the_log(tmp_path: Path, line: str, cause: str) -> None:
    log = tmp_path / "broker-1.log"
    log.write_text(f"[INFO] starting\n{line}\n")
    assert cause in cause_and_remedy(log)[0]


def test_lines_of_errors_come_before_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "broker-1.log"
    log.write_text("[1] ERROR the cause (kafka)\n" + "[2] INFO shutting down (kafka)\n" * 20)
    assert lines_that_matter(log) == "  [1] ERROR the cause (kafka)"


def test_few_lines_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "broker-1.log"
    log.write_text("ERROR again\n" * 1000)
    assert len(lines_that_matter(log).splitlines()) == LINES_SHOWN


def test_missing_log_is_no_further_error(tmp_path: Path) -> None:
    assert lines_that_matter(tmp_path / "none") == ""
