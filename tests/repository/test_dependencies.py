"""The dependency files say the same; checked by reading them, without resolving anything."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec, VersionSpec
from rattler import Version as CondaVersion

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ["requirements.lock", "constraints.txt", "uv.requirements.lock"]


def locked(name: str) -> dict[str, set[Version]]:
    """Versions by package; several where they depend on the Python version or the platform."""
    pins: dict[str, set[Version]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line):
            pins.setdefault(canonicalize_name(match[1]), set()).add(Version(match[2]))
    return pins


def wanted() -> Iterator[Requirement]:
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *(each for group in extras.values() for each in group)]:
        requirement = Requirement(text)
        if requirement.name != PROJECT["name"]:
            yield requirement


@pytest.mark.parametrize("requirement", list(wanted()), ids=str)
def test_the_lock_has_every_requirement_at_a_version_that_fits(requirement):
    versions = locked("requirements.lock").get(canonicalize_name(requirement.name), set())
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(each, prereleases=True) for each in versions)


def test_constraints_pin_what_the_lock_pins_but_for_what_pip_cannot_override():
    pins = locked("requirements.lock")
    del pins["six"]
    assert locked("constraints.txt") == pins, "run `make lock`"


def test_the_lock_has_a_six_that_every_python_can_import():
    assert all(version >= Version("1.17") for version in locked("requirements.lock")["six"])


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_holds_an_address(name):
    assert re.findall(r"\w+://|--(?:extra-)?index|\s@\s", (ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize("name", ["requirements.lock", "uv.requirements.lock"])
def test_every_pin_has_a_hash(name):
    pins = re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip())
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_makefile_pins_the_uv_of_its_lock():
    pinned = re.search(
        r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert {Version(pinned[1])} == locked("uv.requirements.lock")["uv"]


def test_every_extra_is_part_of_dev():
    extras = set(PROJECT["optional-dependencies"]) - {"dev"}
    own = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
    (itself,) = [each for each in own if each.name == PROJECT["name"]]
    assert itself.extras == extras


@pytest.fixture(scope="module")
def environment() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_conda_understands_every_specification(environment):
    specs = [each for each in environment["dependencies"] if isinstance(each, str)]
    assert [str(MatchSpec(each)) for each in specs] == specs


@pytest.mark.parametrize(
    ("python", "taken"), [("3.10.14", False), ("3.11.0", True), ("3.11.9", True), ("3.12.7", False)]
)
def test_conda_takes_the_one_python_where_pip_can_build_the_samples(environment, python, taken):
    (spec,) = [each for each in environment["dependencies"] if str(each).startswith("python ")]
    assert VersionSpec(str(MatchSpec(spec).version)).matches(CondaVersion(python)) == taken


def test_conda_installs_by_pip_what_the_package_names(environment):
    (pip,) = [each["pip"] for each in environment["dependencies"] if isinstance(each, dict)]
    constraint, package = pip
    extras = Requirement(f"{PROJECT['name']}{package.removeprefix('-e .')}").extras
    assert constraint == "-c constraints.txt"
    assert extras <= set(PROJECT["optional-dependencies"])


def test_pre_commit_takes_its_configuration():
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config"], cwd=ROOT, check=True)


def test_every_hook_is_local():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
