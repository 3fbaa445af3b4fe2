"""docs/dependencies.md names every direct dependency, and nothing else."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS = {"core": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}


def wanted(group: str) -> set[str]:
    names = {Requirement(text).name for text in GROUPS[group]}
    return names - {PROJECT["name"]}


def documented() -> dict[str, list[list[str]]]:
    """Rows of the tables by group, each row as its cells."""
    rows: dict[str, list[list[str]]] = {}
    group = None
    for line in (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## (?:Extra: )?(\S+)$", line):
            group = heading[1].lower()
        elif line.startswith("| ") and not line.startswith("| Package") and group:
            rows.setdefault(group, []).append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_every_group_has_a_table():
    assert documented().keys() == GROUPS.keys()


@pytest.mark.parametrize("group", GROUPS)
def test_a_table_names_the_dependencies_of_its_group(group):
    assert {row[0] for row in documented()[group]} == wanted(group)


@pytest.mark.parametrize("group", GROUPS)
def test_every_row_is_complete(group):
    incomplete = [row[0] for row in documented()[group] if len(row) != 6 or not all(row)]
    assert incomplete == []
