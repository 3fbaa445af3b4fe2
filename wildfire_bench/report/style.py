"""How plots look: colour-blind-safe colours, fonts as paths, the same file every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["COLOURS", "INK", "MUTED", "plot_style"]

# Okabe and Ito (2008), told apart with every common colour blindness and in grey.
COLOURS = {"json": "#D55E00", "binary": "#0072B2", "guide": "#000000"}
INK = "#1f2328"
MUTED = "#6e7781"

_RC: Any = {
    "svg.fonttype": "path",  # looks the same where the font is missing
    "svg.hashsalt": "wildfire-bench",  # ids that do not change from run to run
    "figure.facecolor": "white",
    "figure.dpi": 96,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.08,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.axisbelow": True,
    "grid.color": "#d8dee4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.left": False,
    "text.color": INK,
}


@contextmanager
def plot_style() -> Iterator[None]:
    """Draw in the report's style for as long as the context lasts."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):
        yield
