"""Watching real processes from tests."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import psutil

__all__ = ["OPEN_AND_WAIT", "gone", "report_of", "start_python", "wait_until"]

OPEN_AND_WAIT = """
import json, os, sys, time
from wildfire_bench.stack import open_stack

with open_stack("embedded", s3=json.loads(sys.argv[1])) as stack:
    servers = [*stack.brokers, *([stack.s3_server] if stack.s3_server else [])]
    print(json.dumps({
        "pids": [server.pid for server in servers],
        "folder": str(servers[0].log_file.parent.parent),
        "bootstrap_servers": stack.bootstrap_servers,
    }), flush=True)
    time.sleep(120)
"""
"""Opens a stack, prints what it has as one line of JSON, and waits to be ended."""


def start_python(
    code: str, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Run code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def report_of(process: subprocess.Popen[bytes]) -> dict[str, object]:
    """Read the line of JSON that it prints once its stack runs, and add its descendants."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _, errors = process.communicate(timeout=10)
        message = f"it ended with {process.returncode}: {errors.decode()}"
        raise AssertionError(message)
    report: dict[str, object] = json.loads(line)
    report["descendants"] = psutil.Process(process.pid).children(recursive=True)
    return report


def gone(*processes: psutil.Process | int) -> bool:
    """Whether none of them runs; one that only waits for init to collect it does not."""
    for each in processes:
        try:
            process = psutil.Process(each) if isinstance(each, int) else each
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            continue
    return True


def wait_until(met: Callable[[], bool], seen: Callable[[], object], timeout_s: float = 20) -> None:
    """Wait for a condition, and say on time-out what was seen."""
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"not within {timeout_s} s; seen: {seen()}"
        time.sleep(0.05)
