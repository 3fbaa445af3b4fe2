"""The tests in the background of a script, where the shell lets SIGINT be ignored."""

from __future__ import annotations

import subprocess
import sys

import pytest

REACHES = "tests/bench/test_processes.py::test_ctrl_c_reaches_the_parent_again_once_a_worker_runs"
SHELL = 'trap \'\' INT; exec "$0" "$@"'


def test_ctrl_c_reaches_a_test_also_where_the_shell_has_it_ignored(
    request: pytest.FixtureRequest,
) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", SHELL, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", REACHES],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
