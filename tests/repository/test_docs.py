"""What the documents print can be typed, and where they link to exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from tests.repository.documents import DOCUMENTS, ROOT, command_lines
from wildfire_bench.cli.application import COMMANDS, application

CALLS = sorted(
    {
        (path.name, call)
        for path in DOCUMENTS
        for call in command_lines(path.read_text(encoding="utf-8"))
    }
)


def parse(words: list[str]) -> None:
    """Parse a command line as the program would, and run nothing."""
    command = typer.main.get_command(application(words))
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    if words:  # a command may be spoken of by its name alone
        command.make_context("wildfire-bench", words)


def anchors(path: Path) -> set[str]:
    """Anchors of headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("name", "call"), CALLS)
def test_a_printed_command_can_be_typed(name, call):
    parse(shlex.split(call))


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {call.partition(" ")[0] for call in command_lines(readme)} >= COMMANDS.keys()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = unquote(target).partition("#")
        found = path.parent / place if place else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(target)
    assert dead == []


def test_every_source_file_that_the_architecture_names_exists():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    homes = [ROOT, ROOT / "wildfire_bench", ROOT / "wildfire_bench" / "streaming"]
    named = re.findall(r"`([\w/.]+\.(?:py|md|yml|yaml|toml))`", text)
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []
