"""docs/cli.md is what the commands say of themselves."""

import pytest

from tests.repository.documents import document
from tests.repository.scripts import script
from wildfire_bench.cli.application import COMMANDS


@pytest.fixture(scope="module")
def reference() -> str:
    return script("write_cli_reference").reference()


def test_the_page_is_current(reference):
    assert document("docs/cli.md") == reference, "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section(name, reference):
    assert f"\n## `wildfire-bench {name}`\n" in reference


def test_options_are_told_with_their_help(reference):
    assert "| `--idle-timeout" in reference
    assert "End when none came for so many seconds." in reference


def test_examples_can_be_copied(reference):
    assert "```sh\nwildfire-bench topics describe --json\n```" in reference
