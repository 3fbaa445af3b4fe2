"""Writes docs/cli.md from the commands themselves; run by `make docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from wildfire_bench.cli.application import COMMANDS, PROGRAM, application

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cli.md"
HEAD = f"""# The command

<!-- Made by scripts/write_cli_reference.py from the code: `make docs` renews it. -->

`{PROGRAM}` with every sub-command, as `--help` shows them. All end with status 0; with 2 and one
line on standard error that says what to do; with 130 after Ctrl-C, 143 after SIGTERM; with 1 where
it says so here.
"""


def reference() -> str:
    """Give the whole page."""
    parts = [HEAD]
    for name in COMMANDS:
        command = typer.main.get_command(application([name])).commands[name]
        parts.extend(_sections(command, [PROGRAM, name]))
    return "\n".join(parts)


def _sections(command: Any, path: list[str]) -> Iterator[str]:
    context = command.context_class(command, info_name=" ".join(path))
    yield f"{'#' * len(path)} `{' '.join(path)}`\n"
    subcommands = getattr(command, "commands", {})
    yield from _prose(command.help or "")
    if not subcommands or command.invoke_without_command:
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"```text\n{' '.join(path)} {usage}\n```\n"
        yield from _options(command, context)
    for name, subcommand in subcommands.items():
        yield from _sections(subcommand, [*path, name])


def _prose(text: str) -> Iterator[str]:
    """Paragraphs of the help; its examples as something to type."""
    for paragraph in text.strip().split("\n\n"):
        line = " ".join(paragraph.split())
        if example := re.fullmatch(rf"Example: ({PROGRAM} .*)", line):
            yield f"```sh\n{example[1]}\n```\n"
        else:
            yield f"{_escaped(line)}\n"


def _options(command: Any, context: Any) -> Iterator[str]:
    rows = [_row(each, context) for each in command.params if not getattr(each, "hidden", False)]
    if rows:
        yield "\n".join(["| Option | |", "|---|---|", *rows]) + "\n"


def _row(parameter: Any, context: Any) -> str:
    names, words = parameter.get_help_record(context) or (parameter.human_readable_name, "")
    cells = (f"`{names}`", _escaped(" ".join(words.split())))
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _escaped(text: str) -> str:
    """Markdown that shows as the text; what stands between backticks, and options, as code."""
    pieces = re.split(r"(`[^`]*`|(?<![\w-])--[a-z][\w-]*)", text)
    return "".join(
        (piece if piece.startswith("`") else f"`{piece}`")
        if index % 2
        else re.sub(r"([\\<>*_\[\]])", r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
