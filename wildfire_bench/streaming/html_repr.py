"""How values show themselves in a notebook: small static tables, nothing fetched, nothing run.

Each value tells its facts in words; a table of them is at most `MAX_HTML_BYTES`, escapes every
word, and begins with a line of text for viewers that drop styles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape
from typing import Final, NamedTuple

__all__ = ["MAX_HTML_BYTES", "Fact", "chunk_strip", "cut", "facts_html"]

MAX_HTML_BYTES: Final = 10_000

_ROW_BUDGET_BYTES: Final = 8_500
_MAX_VALUE_CHARS: Final = 160
_MAX_TEXT_CHARS: Final = 60
_MAX_STRIP_CELLS: Final = 50
_STYLE: Final = (
    "<style>.wb-text{display:none}.wb-facts{border-collapse:collapse}"
    ".wb-facts th,.wb-facts td{text-align:left;vertical-align:top;padding:1px 10px 1px 0}"
    ".wb-facts th{font-weight:600;white-space:nowrap}"
    ".wb-facts td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}</style>"
)


class Fact(NamedTuple):
    """One row: name and value still to be escaped, and HTML to follow the value."""

    name: str
    value: str
    drawing: str = ""


def chunk_strip(received: int, chunks: int, missing: Collection[int]) -> str:
    """Draw the chunks of an image, grey what is here, red what is missing.

    Several share a cell where there are many.
    """
    cells = min(max(chunks, 1), _MAX_STRIP_CELLS)
    holes = sorted({index * cells // max(chunks, 1) for index in missing})
    path = "".join(f"M{cell} 0h1v1h-1z" for cell in holes if 0 <= cell < cells)
    label = f"{received} of {chunks} chunks are here"
    return (
        f'<br><svg role="img" aria-label="{label}" width="200" height="8" '
        f'viewBox="0 0 {cells} 1" preserveAspectRatio="none">'
        f'<path fill="#999" d="M0 0h{cells}v1h-{cells}z"/><path fill="#c22" d="{path}"/></svg>'
    )


def facts_html(kind: str, title: str, facts: Iterable[Fact]) -> str:
    """Put facts together until the budget is spent, and say how many were left out."""
    told, spent, left_out = [], 0, 0
    for name, value, drawing in facts:
        named = escape(cut(name, _MAX_TEXT_CHARS))
        shown = escape(cut(value, _MAX_VALUE_CHARS))
        row = f'<tr><th scope="row">{named}</th><td>{shown}{drawing}</td></tr>'
        spent += len(row.encode(errors="replace"))
        if left_out or spent > _ROW_BUDGET_BYTES:
            left_out += 1
        else:
            told.append(row)
    if left_out:
        told.append(f"<tr><td>and {left_out:,} more</td></tr>")
    heading = escape(f"{kind} {cut(title, _MAX_TEXT_CHARS)}")
    body = "".join(told)
    return (
        f'<div>{_STYLE}<pre class="wb-text">{heading}</pre>'
        f'<table class="wb-facts">{body}</table></div>'
    )


def cut(text: str, max_chars: int) -> str:
    """Shorten a text; the dots that say so count."""
    clean = text.encode(errors="replace").decode()  # a lone surrogate cannot be written to a file
    return clean if len(clean) <= max_chars else f"{clean[: max_chars - 1]}…"
