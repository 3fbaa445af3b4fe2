"""What is written on the axes of a plot: values, the guide's figures, readable decades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from wildfire_bench.report.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["guide_line", "label_decades", "plain_numbers", "value_label"]

_GAP_POINTS: Final = 7.0
_DIGIT_POINTS: Final = 6.8
"""Width of a bold digit in the size of value labels."""
_POINTS_OF_AN_INCH: Final = 72.0


def value_label(
    axes: Axes, place: int, value: float, text: str, *, lines_at: Iterable[float] = ()
) -> None:
    """Write a value beside the mark of its row, readable on any background.

    Parameters
    ----------
    axes
        With their final limits and size, where there are lines.
    place
        The row.
    value
        Where the mark ends.
    text
        What to write.
    lines_at
        Upright lines: a label that one would cross moves to the right of it.
    """
    from matplotlib.patheffects import withStroke

    axes.annotate(
        text,
        (value, place),
        xytext=(_free_offset_points(axes, value, text, lines_at), 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
        fontsize=9.5,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def _free_offset_points(axes: Axes, value: float, text: str, lines_at: Iterable[float]) -> float:
    """How far from its mark a label is clear of all lines."""

    def place_points(x: float) -> float:
        return float(axes.transData.transform((x, 1.0))[0]) * _POINTS_OF_AN_INCH / axes.figure.dpi

    offset = _GAP_POINTS
    for line in sorted(lines_at):
        away = place_points(line) - place_points(value)
        if offset - _GAP_POINTS / 2 < away < offset + _DIGIT_POINTS * len(text):
            offset = away + _GAP_POINTS
    return offset


def guide_line(axes: Axes, text: str, value: float) -> None:
    """Draw a dashed line at a value of the guide, named above the plot."""
    axes.axvline(value, color=COLOURS["guide"], linestyle=(0, (4, 3)), linewidth=1, zorder=0)
    axes.annotate(
        text,
        (value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=8.5,
        ha="center",
        va="bottom",
    )


def label_decades(axes: Axes) -> None:
    """Label 1, 2, 5 of each decade in plain numbers; the default's minor labels overlap."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 5_000 else (1,)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def plain_numbers(axes: Axes, *, both: bool = True, steps: tuple[int, ...] = (1,)) -> None:
    """Label 1, 2, 5 of each decade in plain numbers, upwards `steps`; minor labels overlap."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    for axis, subs in ((axes.xaxis, (1, 2, 5)), (axes.yaxis, steps))[: 2 if both else 1]:
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
