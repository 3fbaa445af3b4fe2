"""Labels beside the points of a plot, moved until none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from wildfire_bench.report.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["label_points"]

Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top, in typographic points."""

_LETTER = 6.2
_LINE = 12.0
_DOT = 4.0
_GAP = 6.0
_MOST_LINES = 8
_POINTS_OF_AN_INCH = 72.0


def label_points(axes: Axes, points: Sequence[tuple[float, float, str]]) -> None:
    """Write a text beside each point, with a line to it where it had to move away.

    Call it last: the limits of the axes must not change any more.
    """
    scale = _POINTS_OF_AN_INCH / axes.figure.dpi
    places = [axes.transData.transform((x, y)) * scale for x, y, _ in points]
    taken: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in places]
    for (x, y, text), (left, bottom) in zip(points, places, strict=True):
        width = _LETTER * len(text)
        for side, up in _offsets():
            start = left + _GAP if side == "left" else left - _GAP - width
            box = (start, bottom + up, start + width, bottom + up + _LINE)
            if not any(_overlap(box, other) for other in taken):
                break
        taken.append(box)
        moved = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            text,
            (x, y),
            (_GAP if side == "left" else -_GAP, up),
            textcoords="offset points",
            horizontalalignment=side,
            color=INK,
            arrowprops=None if -_LINE - _GAP <= up <= _GAP else moved,
        )


def _offsets() -> Iterator[tuple[Literal["left", "right"], float]]:
    """Which side of a label is at its point, and how far up: near first, then ever farther."""
    for lines in range(_MOST_LINES):
        for up in (_GAP + lines * _LINE, -_GAP - (lines + 1) * _LINE):
            yield "left", up
            yield "right", up


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
