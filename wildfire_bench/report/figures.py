"""A figure that a page, a notebook and a screen reader all get: image, caption, words for it."""

from __future__ import annotations

import base64
import html
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wildfire_bench.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

__all__ = ["Figure", "draw"]

MAX_SVG_BYTES = 2_000_000
MIN_ALT_CHARACTERS = 40
_FIGURE_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished figure; displays itself in a notebook.

    The image is an ``<img>``, not inline SVG: matplotlib's ids would collide between figures.
    """

    svg: bytes = field(repr=False)
    caption: str
    alt: str
    """The finding in words, with its numbers, for who cannot see the image."""

    def __post_init__(self) -> None:
        if len(self.alt) < MIN_ALT_CHARACTERS or not _FIGURE_NUMBER.search(self.alt):
            msg = (
                f"alternative text {self.alt!r} does not say what the figure shows: give the "
                f"finding with its numbers, in at least {MIN_ALT_CHARACTERS} characters"
            )
            raise InputError(msg)
        if len(self.svg) > MAX_SVG_BYTES:
            msg = f"figure has {len(self.svg):,} bytes, at most {MAX_SVG_BYTES:,}: draw fewer marks"
            raise InputError(msg)

    def _repr_html_(self) -> str:
        """HTML without script, style or reference to anything outside."""
        data = base64.b64encode(self.svg).decode("ascii")
        return (
            f'<figure><img alt="{html.escape(self.alt)}" '
            f'src="data:image/svg+xml;base64,{data}">'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.alt}"


def draw(drawing: Drawing, *, caption: str, alt: str) -> Figure:
    """Turn a matplotlib figure into one for the page, and close it.

    Parameters
    ----------
    drawing
        Drawn under `wildfire_bench.report.style.plot_style`.
    caption
        What is shown: quantity, unit, number of samples, what bars and dots are.
    alt
        The finding in words, with its numbers.

    Raises
    ------
    InputError
        If the alternative text holds no number or says nothing.
    """
    import matplotlib.pyplot as plt

    target = io.BytesIO()
    try:
        # No date and program in the file: equal numbers give equal bytes.
        drawing.savefig(
            target, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    finally:
        plt.close(drawing)
    return Figure(target.getvalue(), caption, alt)
