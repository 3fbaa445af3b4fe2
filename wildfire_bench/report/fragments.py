"""Pieces of HTML that display themselves in a notebook and read as text elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Fragment", "Raw", "box", "opening", "paragraph", "table", "unbroken", "with_code"]


@dataclass(frozen=True, slots=True)
class Fragment:
    """HTML without script or outside reference, and the same in plain text."""

    markup: str = field(repr=False)
    text: str

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Raw:
    """A cell that holds markup already."""

    markup: str
    text: str


Cell = str | Raw
_CODE = re.compile("`([^`]+)`")


def with_code(text: str) -> Raw:
    """Make a cell of a sentence in which backticks mark commands."""
    return Raw(_CODE.sub(r"<code>\1</code>", html.escape(text)), _CODE.sub(r"\1", text))


def unbroken(*figures: str) -> Raw:
    """Make a cell of figures that lines may break between, and not within."""
    spans = " ".join(f'<span class="figure">{html.escape(figure)}</span>' for figure in figures)
    return Raw(spans, " ".join(figures))


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], *, numeric: bool = False
) -> Fragment:
    """Make a table; all text is escaped.

    Parameters
    ----------
    caption
        What it shows, with units.
    header
        Column names.
    rows
        The first cell of each names its row.
    numeric
        Whether all columns but the first are numbers, set flush right.
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    kind = ' class="numeric"' if numeric else ""
    # Wide tables scroll in their own box, which the keyboard must reach.
    markup = (
        f'<div class="wide" role="region" tabindex="0" aria-label="{html.escape(caption)}">'
        f"<table{kind}><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    lines = [caption, " | ".join(header), *(" | ".join(map(_plain, row)) for row in rows)]
    return Fragment(markup, "\n".join(lines))


def paragraph(text: str) -> Fragment:
    """Make the paragraph that answers a section's question."""
    return Fragment(f'<p class="answer">{html.escape(text)}</p>', text)


def opening(lines: Sequence[str]) -> Fragment:
    """Make the lines that a report opens with."""
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return Fragment(f'<div class="headline">{paragraphs}</div>', "\n".join(lines))


def box(title: str, points: Sequence[str], *, kind: str = "box") -> Fragment:
    """Make a box with a list of points under a title."""
    items = "".join(f"<li>{html.escape(point)}</li>" for point in points)
    markup = (
        f'<div class="{html.escape(kind)}"><p class="title">{html.escape(title)}</p>'
        f"<ul>{items}</ul></div>"
    )
    return Fragment(markup, "\n".join([title, *(f"- {point}" for point in points)]))


def _row(row: Sequence[Cell]) -> str:
    first, *rest = row
    cells = "".join(f"<td>{_markup(cell)}</td>" for cell in rest)
    return f'<th scope="row">{_markup(first)}</th>{cells}'


def _markup(cell: Cell) -> str:
    return cell.markup if isinstance(cell, Raw) else html.escape(cell)


def _plain(cell: Cell) -> str:
    return cell.text if isinstance(cell, Raw) else cell
