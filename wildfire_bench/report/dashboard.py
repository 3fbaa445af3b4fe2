"""The panels of Grafana's dashboard, drawn for a notebook from what a Prometheus has seen."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from wildfire_bench.errors import InvalidParameter
from wildfire_bench.monitoring.panels import PANELS, Panel
from wildfire_bench.monitoring.prometheus import Line, query_range
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.fragments import Fragment, paragraph
from wildfire_bench.report.style import plot_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PanelLines", "panel_figure", "quiet_panels", "read_panels"]

MAX_MINUTES: Final = 31 * 24 * 60
POINTS: Final = 240
"""Of a line: a pixel column each is enough."""
MAX_LINES: Final = 8
"""Drawn in a panel; the rest is counted in the caption."""
_COLOURS: Final = ("#0072B2", "#D55E00", "#007A5A", "#000000", "#CC79A7", "#56B4E9")
_STYLES: Final = ("-", "--", ":")
_LABEL: Final = re.compile(r"\{\{ *(\w+) *\}\}")
_WINDOW: Final = re.compile(r"[1-9]\d{0,4}[smhd]")
_UNITS: Final = {
    "percentunit": ("%", 100.0),
    "s": ("seconds", 1.0),
    "bytes": ("MB", 1e-6),
    "Bps": ("MB a second", 1e-6),
    "reqps": ("a second", 1.0),
    "short": ("", 1.0),
}


@dataclass(frozen=True, slots=True)
class PanelLines:
    """A panel and what its queries were answered with."""

    panel: Panel
    lines: tuple[tuple[str, Line], ...]
    """Name and time series; those without any number are left out."""


def read_panels(
    url: str, *, minutes: float, window: str = "5m", panels: Sequence[Panel] = PANELS
) -> tuple[PanelLines, ...]:
    """Ask a Prometheus for every panel, up to now.

    Parameters
    ----------
    url
        Of the Prometheus.
    minutes
        How far back, at most a month.
    window
        Stretch over which rates are taken, at least four scrapes: ``5m``.
    panels
        Which.

    Raises
    ------
    InvalidParameter
        If a parameter is out of range.
    MetricsUnavailable
        If no Prometheus answers, or it refuses a question.
    """
    if not 0 < minutes <= MAX_MINUTES:
        msg = f"minutes is {minutes:g}: choose more than 0 and at most {MAX_MINUTES:,}"
        raise InvalidParameter(msg)
    if not _WINDOW.fullmatch(window):
        msg = f"window is {window!r}: give a number with s, m, h or d, such as 5m"
        raise InvalidParameter(msg)
    end_s = time.time()
    start_s = end_s - 60 * minutes
    step_s = max(1.0, 60 * minutes / POINTS)
    found = []
    for panel in panels:
        lines: list[tuple[str, Line]] = []
        for query in panel.queries:
            answer = query_range(
                url, query.over(window), start_s=start_s, end_s=end_s, step_s=step_s
            )
            lines += [(_named(query.legend, line), line) for line in answer if _says(line)]
        found.append(PanelLines(panel, tuple(lines)))
    return tuple(found)


def panel_figure(found: PanelLines) -> Figure | None:
    """Draw a panel; None if nothing was there to draw."""
    import matplotlib.pyplot as plt

    if not found.lines:
        return None
    panel, drawn = found.panel, found.lines[:MAX_LINES]
    unit, factor = _UNITS[panel.unit]
    with plot_style():
        drawing, axes = plt.subplots(figsize=(8.2, 2.9), layout="constrained")
        for index, (name, line) in enumerate(drawn):
            axes.plot(
                [datetime.fromtimestamp(at, UTC) for at in line.times_s],  # type: ignore[arg-type]
                [value * factor for value in line.values],
                _STYLES[index // len(_COLOURS) % len(_STYLES)],
                color=_COLOURS[index % len(_COLOURS)],
                label=name,
            )
        _dress(axes, panel.title, unit)
        left_out = len(found.lines) - len(drawn)
        more = f" {left_out:,} more lines are not drawn." if left_out else ""
        said = "; ".join(f"{name}: {_range(line, unit, factor)}" for name, line in drawn)
        return draw(
            drawing,
            caption=f"{panel.title}. {panel.description} Times are UTC.{more}",
            alt=f"{panel.title}, {len(drawn)} lines over time. {said}.",
        )


def quiet_panels(found: Sequence[PanelLines]) -> Fragment:
    """Name the panels that have nothing to show, which is an answer too."""
    quiet = [each.panel.title for each in found if not each.lines]
    if not quiet:
        return paragraph("Every panel has something to show.")
    return paragraph(f"Nothing to show in this stretch of time: {', '.join(quiet)}.")


def _dress(axes: Axes, title: str, unit: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_title(title)
    axes.set_ylabel(unit)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y")
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2, frameon=False, fontsize=8, borderpad=0
    )


def _named(legend: str, line: Line) -> str:
    return _LABEL.sub(lambda match: line.labels.get(match[1], ""), legend)


def _says(line: Line) -> bool:
    return any(math.isfinite(value) for value in line.values)


def _range(line: Line, unit: str, factor: float) -> str:
    numbers = [value * factor for value in line.values if math.isfinite(value)]
    return f"{numbers[-1]:.3g} {unit} at last, {min(numbers):.3g} to {max(numbers):.3g} before"
