"""The plots of the comparison of routes: a quantity against the size of the image."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from wildfire_bench.bench.results.bench_run import BenchRun, Selection
from wildfire_bench.bench.statistics import summarise
from wildfire_bench.bench.verdicts.quantities import MB, Quantity, samples_of
from wildfire_bench.bench.workloads.drivers import ROUTE_DRIVERS, Driver
from wildfire_bench.errors import InputError
from wildfire_bench.report.axis_marks import plain_numbers
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.routing import overlapping
from wildfire_bench.report.style import COLOURS, plot_style
from wildfire_bench.settings import RoutingSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_route_cpu", "plot_route_latency", "plot_route_memory", "plot_route_throughput"]

SIZE_INCHES: Final = (8.2, 4.0)
_LOOKS: Final = MappingProxyType(
    dict(
        zip(
            ROUTE_DRIVERS,
            (
                ("#0072B2", "o", "-", 0.96),
                ("#B24700", "s", "--", 1.0),
                ("#007A5A", "^", "-.", 1.04),
            ),
            strict=True,
        )
    )
)
"""Colour, mark and dash of each, told apart without colour too; factor by which dots lie aside."""


def plot_route_latency(results: BenchRun) -> Figure:
    """Draw the latency of one image in flight, every image a dot."""
    return _by_size(
        results,
        "end_to_end_ms",
        results.main.pattern,
        label="ms from intended send to verified image (log.)",
        what="End-to-end latency, one image in flight",
    )


def plot_route_throughput(results: BenchRun) -> Figure | None:
    """Draw the throughput with images that overlap; None if the run has none such."""
    pattern = overlapping(results)
    if pattern is None:
        return None
    words = next(p.words for p in results.workload.patterns if p.name == pattern)
    return _by_size(
        results,
        "throughput_mb_s",
        pattern,
        label="MB of image a second (log.)",
        what=f"Throughput from the first intended send to the last arrival, {words}",
    )


def plot_route_cpu(results: BenchRun) -> Figure | None:
    """Draw CPU seconds of all processes together; None if the brokers' are not known."""
    if not any(results.cpu_s_per_gb(driver.name, "total") for driver in results.variants):
        return None
    return _by_size(
        results,
        "cpu_s_per_gb",
        results.main.pattern,
        label="CPU seconds per GB of image (log.)",
        what="CPU time of producer, brokers, consumer and, by reference, object store",
    )


def plot_route_memory(results: BenchRun) -> Figure:
    """Draw the peak of the consumer's resident memory."""
    return _by_size(
        results,
        "consumer_peak_mb",
        results.main.pattern,
        label="MB at the peak (log.)",
        what="Largest resident memory of the consumer, one image in flight",
    )


def _by_size(
    results: BenchRun, quantity: Quantity, pattern: str, *, label: str, what: str
) -> Figure:
    import matplotlib.pyplot as plt

    with plot_style():
        drawing, axes = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
        said = [
            words
            for driver in results.variants
            if (words := _line(axes, results, quantity, pattern, driver))
        ]
        if not said:
            plt.close(drawing)
            msg = f"there is nothing to draw of {quantity}: no image of this run arrived"
            raise InputError(msg)
        axes.set_xscale("log")
        axes.set_yscale("log")
        guided = _guide_lines(axes)
        plain_numbers(axes, steps=(1, 2, 5))
        axes.grid(visible=True, axis="y")
        axes.legend(frameon=False)
        axes.set_xlabel("MB of image (logarithmic)")
        axes.set_ylabel(label)
        counts = _counts(results, quantity, pattern)
        return draw(
            drawing,
            caption=(
                f"{what}. Dots: single samples ({counts} a size and route); mark: median."
                + (" Dotted: the guide's thresholds." if guided else "")
            ),
            alt=f"{what}: {'; '.join(said)}.",
        )


def _line(
    axes: Axes, results: BenchRun, quantity: Quantity, pattern: str, driver: Driver
) -> str | None:
    """Draw a route's samples and medians; say the first and the last median."""
    colour, marker, dash, shift = _LOOKS.get(driver.name, ("#1f2328", "D", (0, (8, 2)), 1.1))
    sizes_mb: list[float] = []
    medians: list[float] = []
    for scene in sorted(results.images, key=lambda each: each.size_bytes):
        of = Selection(scene.size_bytes, pattern)
        samples = samples_of(results, quantity, driver.name, of)
        if samples:
            size_mb = scene.size_bytes / MB
            beside_mb = [size_mb * shift] * len(samples)  # or routes would hide each other
            axes.plot(beside_mb, samples, ".", color=colour, alpha=0.4, ms=5)
            sizes_mb.append(size_mb)
            medians.append(summarise(samples).median)
    if not medians:
        return None
    axes.plot(sizes_mb, medians, dash, color=colour, marker=marker, ms=6.5, label=driver.label)
    return (
        f"{driver.label} {medians[0]:,.1f} at {sizes_mb[0]:.0f} MB, {medians[-1]:,.1f} at "
        f"{sizes_mb[-1]:.0f} MB"
    )


def _guide_lines(axes: Axes) -> bool:
    """Draw the thresholds that lie in the range drawn; say whether any does."""
    guide = RoutingSettings()
    low, high = axes.get_xlim()
    thresholds_mb = [size / MB for size in (guide.direct_max_bytes, guide.chunked_max_bytes)]
    drawn_mb = [size_mb for size_mb in thresholds_mb if low <= size_mb <= high]
    for size_mb in drawn_mb:
        axes.axvline(size_mb, color=COLOURS["guide"], linestyle=":", linewidth=1)
        axes.annotate(
            f"guide: {size_mb:g}",
            (size_mb, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=8.5,
            ha="center",
        )
    return bool(drawn_mb)


def _counts(results: BenchRun, quantity: Quantity, pattern: str) -> str:
    everywhere = [Selection(scene.size_bytes, pattern) for scene in results.images]
    found = [
        len(samples)
        for driver in results.variants
        for of in everywhere
        if (samples := samples_of(results, quantity, driver.name, of))
    ]
    low, high = min(found), max(found)
    return f"{low}" if low == high else f"{low} to {high}"
