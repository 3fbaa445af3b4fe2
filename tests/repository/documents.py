"""The project's Markdown documents, as the tests read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*.md")]
)


def document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def table(name: str, heading: str) -> list[list[str]]:
    """Rows of the first table under a heading, its own head left out; a row is its cells."""
    section = re.split(rf"^#+ {re.escape(heading)}$", document(name), flags=re.MULTILINE)[1]
    rows: list[list[str]] = []
    for line in section.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def command_lines(text: str) -> Iterator[str]:
    """Calls of ``wildfire-bench`` in code blocks and between backticks, comments cut off."""
    blocks = [*code_blocks(text, "sh"), *re.findall(r"(?:^    .*\n)+", text, flags=re.MULTILINE)]
    for line in "".join(blocks).splitlines():
        if call := re.match(r"\s*(?:\w+=\S* )*(?:\.venv/bin/)?wildfire-bench(?= |$)([^#]*)", line):
            yield call[1].strip()
    for call in re.finditer(r"`wildfire-bench( [^`]*)?`", text):
        yield " ".join((call[1] or "").replace("...", "").split())
