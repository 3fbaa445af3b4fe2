"""The script that makes .venv, its steps recorded instead of run."""

import importlib.util
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "prepare_environment.py"
    spec = importlib.util.spec_from_file_location("prepare_environment", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(script, tmp_path):
    for name in script.INPUTS:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def steps(script, monkeypatch) -> list[str]:
    """Commands that would have been run."""
    ran = []
    monkeypatch.setattr(script, "_run", lambda command: ran.append(" ".join(map(str, command))))
    monkeypatch.setattr(
        script.venv, "create", lambda where, **_: where.mkdir(parents=True, exist_ok=True)
    )
    return ran


def test_packages_come_from_the_lock_by_hash_before_the_project(script, checkout, steps):
    script.prepare(checkout)
    uv, sync, project, *first_uses = steps
    assert len(first_uses) == len(script.FIRST_USES)
    assert "--require-hashes" in uv
    assert f"--require-hashes {checkout}/requirements.lock" in sync
    assert f"--no-deps --editable {checkout}" in project


def test_a_second_time_nothing_is_done(script, checkout, steps):
    script.prepare(checkout)
    assert script.prepare(checkout) is False


def test_a_first_use_that_fails_leaves_the_environment_usable(
    script, checkout, steps, monkeypatch, capsys
):
    record = script._run

    def fail_first_uses(command):
        record(command)
        if "-c" in command:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(script, "_run", fail_first_uses)
    assert script.prepare(checkout) is True
    assert script.prepare(checkout) is False
    assert "tried again when it is needed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_input_is_installed(script, checkout, steps, name):
    script.prepare(checkout)
    (checkout / name).write_text("changed")
    assert script.prepare(checkout) is True


def test_a_failed_step_is_taken_again(script, checkout, steps, monkeypatch):
    def fail(command):
        raise subprocess.CalledProcessError(1, command)

    with monkeypatch.context() as broken:
        broken.setattr(script, "_run", fail)
        with pytest.raises(subprocess.CalledProcessError):
            script.prepare(checkout)
    assert script.prepare(checkout) is True


def test_of_two_at_once_one_works_and_the_other_finds_it_done(script, checkout, steps):
    worked = []
    threads = [
        threading.Thread(target=lambda: worked.append(script.prepare(checkout))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(worked) == [False, True]


def test_without_a_fit_python_make_says_what_to_do(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "uv.requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "prepare_environment.py").touch()
    run = subprocess.run(
        ["make", "PYTHON=", "environment"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "make PYTHON=/path/to/python3.12" in run.stderr


def test_make_finds_a_fit_python():
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", "environment"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "python3" in shown.stdout.split("scripts/prepare_environment.py")[0]


def test_make_lists_its_targets():
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split()[1] for line in shown.splitlines()}
    assert {"report", "test", "test-long", "lint", "lab", "lock", "clean"} <= listed


def test_the_script_needs_nothing_but_the_standard_library():
    run = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "scripts" / "prepare_environment.py", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0
