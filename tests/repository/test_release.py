"""Wheel and sdist: what is in them, which version they are, and that they work elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

from tests.repository.documents import ROOT
from tests.repository.scripts import script

PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make build`` writes, before it tries the wheel; nothing is fetched for it."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(dist) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def in_wheel(wheel) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize(
    "path",
    [
        "wildfire_bench/py.typed",
        "wildfire_bench/stack/docker-compose.yml",
        "wildfire_bench/data/claims.yaml",
        "wildfire_bench/streaming/records/schemas/critical_alerts.json",
        "wildfire_bench/doctor/checks/topics.py",
    ],
)
def test_the_wheel_holds(path, in_wheel):
    assert path in in_wheel


def test_the_wheel_holds_every_module_and_nothing_beside_the_package(in_wheel):
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "wildfire_bench").rglob("*.py")}
    assert modules - in_wheel == set()
    assert {name.partition("/")[0].partition("-")[0] for name in in_wheel} == {"wildfire_bench"}


def test_the_sdist_holds_what_its_tests_need(dist):
    (found,) = dist.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Makefile",
        "requirements.lock",
        "constraints.txt",
        "docker-compose.yml",
        "docs/conf.py",
        "scripts/prepare_environment.py",
        "tests/conftest.py",
    } <= names


def test_the_wheel_states_licence_pythons_and_types(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
    stated = Parser().parsestr(archive.read(name).decode())
    assert (stated["License-Expression"], stated["Requires-Python"]) == (
        "Apache-2.0",
        "<3.15,>=3.11",
    )
    assert "Typing :: Typed" in stated.get_all("Classifier")


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """A repository of two files, whose first commit has the tag v9.8.7."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "README.md").touch()
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    git(tmp_path, "tag", "v9.8.7")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Say something")


def version_of(folder: Path, **variables: str) -> str:
    asked = [sys.executable, "-m", "hatchling", "version"]
    environment = {**os.environ, **variables}
    return subprocess.run(
        asked, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_at_a_tag_the_version_is_the_tags(tagged):
    assert version_of(tagged) == "9.8.7"


def test_after_a_tag_the_version_counts_the_commits(tagged):
    commit(tagged)
    commit(tagged)
    assert version_of(tagged) == "9.8.8.dev2"


def test_without_git_there_is_a_version_all_the_same(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert version_of(tmp_path) == "0.1.dev0"


@pytest.mark.parametrize(("told", "version"), [("1.2.3", "1.2.3"), ("", "0.1.dev0")])
def test_the_service_s_image_has_the_version_that_its_build_is_told(tmp_path, told, version):
    """The build has no .git; an argument is a variable of its commands."""
    (argument,) = [
        each.removeprefix("ARG ")
        for each in (ROOT / "Dockerfile").read_text().splitlines()
        if each.startswith("ARG ") and each.endswith("_VERSION")
    ]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert argument in compose["services"]["data-ingestion-service"]["build"]["args"]
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert version_of(tmp_path, **{argument: told}) == version


def test_importing_the_package_loads_the_standard_library_alone():
    """So that its import takes milliseconds; ``make build`` prints how many."""
    code = script("try_wheel").WORKS["the import alone loads nothing but the standard library"]
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_works_without_extras(version, wheel):
    """For each Python that is at hand."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    tried = [sys.executable, ROOT / "scripts" / "try_wheel.py", wheel, "--python", python]
    subprocess.run(tried, check=True)


def interpreter(version: str) -> str | None:
    """A Python of that version that starts: on the path, or one of pyenv's."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *kept.glob(f"{version}.*/bin/python")]
    return next((str(each) for each in candidates if each and starts_as(each, version)), None)


def starts_as(python: str | Path, version: str) -> bool:
    shown = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return shown.stdout.startswith(f"Python {version}.")
