"""The plots of the compression matrix for small records."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.sizes import BATCH_SIZES
from wildfire_bench.bench.matrix.workload import VARIANTS
from wildfire_bench.bench.statistics import percentile, summarise
from wildfire_bench.report.axis_marks import plain_numbers
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.style import INK, MUTED, plot_style
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

if TYPE_CHECKING:
    pass

__all__ = ["LANE_LABELS", "plot_alert_tail", "plot_batch_ratios", "plot_lane_latencies"]

LANE_LABELS: Final[Mapping[DataType, str]] = MappingProxyType(
    {
        DataType.CRITICAL_ALERTS: "critical alerts",
        DataType.IOT_SENSORS: "IoT sensors",
        DataType.NASA_FIRMS: "NASA FIRMS",
        DataType.WEATHER_BULK: "weather bulk",
    }
)
_LOOKS: Final = {"none": ("#000000", "o"), "gzip": ("#D55E00", "s"), "zstd": ("#0072B2", "D")}
_LANE_COLOURS: Final = dict(
    zip(LANE_PLANS, ("#000000", "#007A5A", "#D55E00", "#0072B2"), strict=True)
)
_LIMIT_MS: Final = 100.0
_WIDTH_INCHES: Final = 8.2


def plot_alert_tail(result: MatrixResult) -> Figure:
    """Draw the share of alerts that took longer than a time, alone and beside images."""
    import matplotlib.pyplot as plt

    found = {
        "alone": result.alert_latencies_ms(beside_images=False),
        "beside images": result.alert_latencies_ms(beside_images=True),
    }
    with plot_style():
        drawing, axes = plt.subplots(figsize=(_WIDTH_INCHES, 3.6), layout="constrained")
        for (label, latencies), style, colour in zip(
            found.items(), ("--", "-"), ("#000000", "#D55E00"), strict=True
        ):
            ordered = np.sort(latencies)
            slower = 1 - np.arange(len(ordered)) / len(ordered)
            axes.step(ordered, slower, style, color=colour, where="post", label=label)
            axes.plot(ordered[-1], slower[-1], "o", color=colour, markersize=4)
        axes.axvline(_LIMIT_MS, color=MUTED, linestyle=":", label="the guide's 100 ms")
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_numbers(axes)
        axes.set_xlabel("ms from intended send to the dict in the receiver's hands (logarithmic)")
        axes.set_ylabel("share that took longer")
        axes.legend(frameon=False)
        return draw(
            drawing,
            caption=(
                f"{len(found['alone']):,} alerts alone and {len(found['beside images']):,} beside "
                f"images, {result.workload.alerts_per_s:g} a second, by the same producer. Dots: "
                "the slowest ones."
            ),
            alt=" ".join(_tail_words(label, each) for label, each in found.items()),
        )


def plot_lane_latencies(result: MatrixResult) -> Figure:
    """Draw every round's median latency, a panel for each lane, a row for each codec."""
    import matplotlib.pyplot as plt

    with plot_style():
        drawing, panels = plt.subplots(2, 2, figsize=(_WIDTH_INCHES, 4.4), layout="constrained")
        said = []
        for axes, lane in zip(panels.flat, LANE_PLANS, strict=True):
            for place, variant in enumerate(VARIANTS):
                medians = result.round_medians_ms(lane, variant)
                colour, marker = _LOOKS[variant]
                offsets = np.linspace(-0.22, 0.22, len(medians))
                axes.plot(medians, place + offsets, "o", color=MUTED, markersize=3.2, alpha=0.7)
                summary = summarise(medians)
                if summary.interval is not None:
                    axes.hlines(
                        place,
                        summary.interval.low,
                        summary.interval.high,
                        color=colour,
                        linewidth=3,
                    )
                axes.plot(summary.median, place, marker, color=colour, markersize=7)
                said.append(f"{LANE_LABELS[lane]} {variant} {summary.median:.1f} ms")
            single = result.workload.loads[lane].per_s is not None
            axes.set_title(f"{LANE_LABELS[lane]}, {'a record' if single else 'a burst'}")
            axes.set_yticks(range(len(VARIANTS)), list(VARIANTS))
            axes.set_ylim(len(VARIANTS) - 0.5, -0.5)
            axes.set_xlim(0, 1.06 * axes.get_xlim()[1])
            axes.set_xlabel("ms end to end")
        loads = result.workload.loads
        return draw(
            drawing,
            caption=(
                f"Median latency of each of {result.workload.rounds} rounds (dots), their median "
                "and its 95 % interval. Alerts and readings are single records at a steady rate; "
                f"a burst is {loads[DataType.NASA_FIRMS].records:,} detections or "
                f"{loads[DataType.WEATHER_BULK].records} fields, until the last is there. Readings "
                "linger 5 ms for company with every codec."
            ),
            alt=f"Medians: {'; '.join(said)}.",
        )


def plot_batch_ratios(result: MatrixResult) -> Figure:
    """Draw how many times smaller a batch gets, by the number of records in it."""
    import matplotlib.pyplot as plt

    with plot_style():
        drawing, axes = plt.subplots(figsize=(_WIDTH_INCHES, 3.8), layout="constrained")
        best = {}
        for lane in LANE_PLANS:
            for codec, style in (("gzip", "--"), ("zstd", "-")):
                points = [
                    (each.records, each.raw_bytes / each.compressed_bytes)
                    for each in result.sizes
                    if each.data_type == lane and each.codec.startswith(codec)
                ]
                sizes, ratios = zip(*points, strict=True)
                axes.plot(sizes, ratios, style, color=_LANE_COLOURS[lane], marker=".", markersize=5)
                best[f"{LANE_LABELS[lane]} with {codec}"] = ratios[-1]
            axes.annotate(
                LANE_LABELS[lane],
                (sizes[-1], ratios[-1]),
                # above where the line ends early, among the others
                xytext=(8, 0) if sizes[-1] > BATCH_SIZES[2] else (-30, 10),
                textcoords="offset points",
                va="center",
                color=_LANE_COLOURS[lane],
                fontsize=9.5,
            )
        axes.set_xscale("log")
        plain_numbers(axes, both=False)
        axes.set_xlim(right=axes.get_xlim()[1] * 2.4)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("records in the batch (logarithmic)")
        axes.set_ylabel("raw bytes per compressed byte")
        axes.plot([], [], "-", color=INK, label="zstd at the guide's level (alerts: 3)")
        axes.plot([], [], "--", color=INK, label="gzip 6")
        axes.legend(frameon=False, loc="upper left")
        return draw(
            drawing,
            caption=(
                "Real records with key and headers, framed as in a Kafka batch, compressed without "
                "Kafka; up to 12 batches of each size, at most 1 MB each."
            ),
            alt="Ratio of the largest batch: "
            + "; ".join(f"{name} {ratio:.1f}" for name, ratio in best.items())
            + ".",
        )


def _tail_words(label: str, latencies: list[float]) -> str:
    p99 = percentile(latencies, 99)
    tail = "too few for a 99th percentile" if p99 is None else f"99th percentile {p99:.1f} ms"
    return (
        f"Alerts {label}: median {np.median(latencies):.1f} ms, {tail}, slowest "
        f"{max(latencies):.0f} ms."
    )
