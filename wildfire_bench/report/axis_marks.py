"""What is written on the axes of a plot: values, the guide's figures, readable decades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wildfire_bench.report.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["guide_line", "label_decades", "plain_numbers", "value_label"]


def value_label(axes: Axes, place: int, value: float, text: str) -> None:
    """Write a value beside the mark of its row, readable on any background."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        text,
        (value, place),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
        fontsize=9.5,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


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
