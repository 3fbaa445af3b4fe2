"""The plots of the before/after comparison: a dot for every sample, an interval for the median."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.serialization import PATHS
from wildfire_bench.bench.statistics import Interval, round_median_interval, summarise
from wildfire_bench.bench.verdicts.quantities import Quantity, rounds_of, samples_of
from wildfire_bench.errors import InputError
from wildfire_bench.report.axis_marks import guide_line, label_decades, value_label
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.style import COLOURS, INK, MUTED, plot_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

__all__ = ["plot_cpu", "plot_latency", "plot_serialization", "plot_stored"]

ROW_HEIGHT_INCHES = 0.46
WIDTH_INCHES = 8.2
_PROCESSES = (
    ("producer", "#0072B2", "o"),
    ("broker", "#B26B00", "s"),
    ("consumer", "#007A5A", "^"),
)
_NO_GUIDE: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    colour: str
    samples: Sequence[float]
    interval: Interval | None
    """Of their median."""


def plot_stored(results: BenchRun) -> Figure:
    """Draw bars of what one image takes on the broker's disk, with the guide's two figures."""
    rows = _variant_rows(results, "stored_mb")
    guide = {"guide: before 27": 27.0, "guide: after 5.4": 5.4}
    with plot_style():
        axes = _axes(rows, "MB on the broker's disk, per image")
        for place, row in enumerate(rows):
            median = summarise(row.samples).median
            axes.barh(place, median, height=0.55, color=row.colour)
        for text, value in guide.items():
            guide_line(axes, text, value)
        axes.set_xlim(0, 1.12 * max(27.0, *(max(row.samples) for row in rows)))
        _figure(axes).draw_without_rendering()  # fixes the layout, which labels go by
        for place, row in enumerate(rows):
            median = summarise(row.samples).median
            value_label(axes, place, median, f"{median:.1f}", lines_at=guide.values())
        size_mb = results.scene.size_bytes / 1e6
        rounds = len(rows[0].samples)
        return draw(
            _figure(axes),
            caption=(
                f"Bytes in the brokers' log segments for one image of {size_mb:.2f} MB, metadata "
                f"record included; median of {rounds} rounds. "
                "Dashed: what the guide says."
            ),
            alt=_finding(rows, "MB on the broker's disk for each image"),
        )


def plot_latency(results: BenchRun) -> Figure:
    """Draw every latency as a dot on a logarithmic axis, with median and interval."""
    rows = _variant_rows(results, "end_to_end_ms")
    return _dot_plot(
        rows,
        "ms from intended send to verified image (logarithmic)",
        caption=(
            "End-to-end latency of one image, one in flight. Grey dots: single images "
            f"({_counts(rows)}); mark: median; bar: its 95 % interval (bootstrap), where there "
            "are at least five."
        ),
        alt=_finding(rows, "ms from send to verified image"),
    )


def plot_serialization(results: BenchRun) -> Figure | None:
    """Draw every timing of the way from image to Kafka value; None if none was taken."""
    rows = [
        _Row(
            path.label,
            COLOURS["json" if path.json else "binary"],
            samples,
            summarise(samples).interval,
        )
        for path in PATHS
        if (samples := results.serialization_ms(path.name))
    ]
    if not rows:
        return None
    return _dot_plot(
        rows,
        "CPU ms from image bytes to Kafka value (logarithmic)",
        guide={"guide: after 120": 120.0, "guide: before 850": 850.0},
        caption=(
            "CPU time of one thread from image to Kafka value, nothing sent. Grey "
            f"dots: single timings ({_counts(rows)}); mark: median; bar: its 95 % interval. "
            "Dashed: what the guide says."
        ),
        alt=_finding(rows, "ms of serialization"),
    )


def plot_cpu(results: BenchRun) -> Figure | None:
    """Mark CPU seconds per GB of each process; None if the brokers' are not known."""
    rows = _variant_rows(results, "cpu_s_per_gb", needed=False)
    if not rows:
        return None
    names = [v.name for v in results.variants if results.cpu_s_per_gb(v.name, "total")]
    with plot_style():
        axes = _axes(rows, "CPU seconds per GB of image (logarithmic)")
        axes.set_xscale("log")
        for place, name in enumerate(names):
            _cpu_row(axes, place, results, name)
        label_decades(axes)
        _process_key(axes)
        axes.set_xlim(right=axes.get_xlim()[1] * 1.7)
        return draw(
            _figure(axes),
            caption=(
                "CPU time of each process while images pass, user and system, per GB of raw "
                f"image: median of {len(rows[0].samples)} rounds. Black: the three together."
            ),
            alt=_finding(rows, "CPU seconds per GB of image, all processes"),
        )


def _cpu_row(axes: Axes, place: int, results: BenchRun, name: str) -> None:
    """Draw a mark for each process, told apart by shape as well as colour."""
    total = summarise(results.cpu_s_per_gb(name, "total")).median
    parts = [summarise(results.cpu_s_per_gb(name, process[0])).median for process in _PROCESSES]
    axes.plot([min(parts), total], [place, place], color="#d0d7de", linewidth=2, zorder=1)
    for (_, colour, marker), median in zip(_PROCESSES, parts, strict=True):
        axes.plot(median, place, marker=marker, color=colour, markersize=7.5, zorder=3)
    axes.plot(total, place, marker="|", color=INK, markersize=15, markeredgewidth=2.5, zorder=3)
    value_label(axes, place, total, _number(total))


def _process_key(axes: Axes) -> None:
    """Name the marks above the plot, in the order of the way of an image."""
    for name, colour, marker in _PROCESSES:
        axes.plot([], [], linestyle="none", marker=marker, color=colour, label=name)
    axes.plot(
        [],
        [],
        linestyle="none",
        marker="|",
        color=INK,
        markersize=12,
        markeredgewidth=2.5,
        label="together",
    )
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 0.99),
        ncols=4,
        frameon=False,
        borderpad=0,
        handletextpad=0.1,
        columnspacing=1.4,
    )


def _dot_plot(
    rows: Sequence[_Row],
    x_label: str,
    *,
    caption: str,
    alt: str,
    guide: Mapping[str, float] = _NO_GUIDE,
) -> Figure:
    with plot_style():
        axes = _axes(rows, x_label)
        axes.set_xscale("log")
        for place, row in enumerate(rows):
            _dots(axes, place, row)
        for text, value in guide.items():
            guide_line(axes, text, value)
        label_decades(axes)
        axes.set_xlim(right=axes.get_xlim()[1] * 1.7)
        _figure(axes).draw_without_rendering()  # fixes the layout, which labels go by
        for place, row in enumerate(rows):
            median = _number(summarise(row.samples).median)
            value_label(axes, place, max(row.samples), median, lines_at=guide.values())
        return draw(_figure(axes), caption=caption, alt=alt)


def _dots(axes: Axes, place: int, row: _Row) -> None:
    summary = summarise(row.samples)
    # Spread by the order they came in: nothing random, and equal values stay apart.
    offsets = [0.26 * (2 * i / max(1, len(row.samples) - 1) - 1) for i in range(len(row.samples))]
    axes.plot(
        row.samples,
        [place + offset for offset in offsets],
        linestyle="none",
        marker="o",
        markersize=3.6,
        color=MUTED,
        alpha=0.65,
        markeredgewidth=0,
    )
    if row.interval is not None:
        axes.hlines(place, row.interval.low, row.interval.high, color=row.colour, linewidth=3.2)
    axes.plot(summary.median, place, marker="D", color=row.colour, markersize=7)


def _axes(rows: Sequence[_Row], x_label: str) -> Axes:
    import matplotlib.pyplot as plt

    height = 1.0 + ROW_HEIGHT_INCHES * len(rows)
    _, axes = plt.subplots(figsize=(WIDTH_INCHES, height), layout="constrained")
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.75)  # the first row on top
    axes.set_xlabel(x_label)
    axes.tick_params(axis="y", length=0)
    return axes


def _figure(axes: Axes) -> Drawing:
    from matplotlib.figure import Figure as FullFigure

    drawing = axes.figure
    if not isinstance(drawing, FullFigure):
        msg = "axes of a sub-figure cannot be drawn alone"
        raise InputError(msg)
    return drawing


def _variant_rows(results: BenchRun, quantity: Quantity, *, needed: bool = True) -> list[_Row]:
    rows = [
        _Row(
            variant.label,
            COLOURS[variant.form],
            samples,
            round_median_interval(rounds_of(results, quantity, variant.name)),
        )
        for variant in results.variants
        if (samples := samples_of(results, quantity, variant.name))
    ]
    return _needed(rows) if needed else rows


def _needed(rows: list[_Row]) -> list[_Row]:
    if not rows:
        msg = "there is nothing to draw: no image of this run arrived"
        raise InputError(msg)
    return rows


def _counts(rows: Sequence[_Row]) -> str:
    """Say how many dots a row has: 5, or 5 to 15."""
    counts = sorted({len(row.samples) for row in rows})
    said = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"n = {said} a row"


def _finding(rows: Sequence[_Row], what: str) -> str:
    """Say in words what the marks show."""
    medians = [(row.label, summarise(row.samples).median) for row in rows]
    listed = "; ".join(f"{label} {_number(median)}" for label, median in medians)
    label, least = min(medians, key=lambda each: each[1])
    return f"{what}: {listed}. The least is {label} with {_number(least)}."


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
