"""What codecs make of real scenes: size against speed, drawn and in words."""

from __future__ import annotations

from collections.abc import Sequence

from wildfire_bench.bench.codecs import CodecBenchmark, CodecMeasurement
from wildfire_bench.errors import InputError
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.fragments import Fragment, paragraph, table
from wildfire_bench.report.style import COLOURS, INK, MUTED, plot_style

__all__ = ["codec_table", "plot_size_and_speed", "predictive_answer", "threads_answer"]

_GUIDE = ("zstd", 1)
"""The row of the guide's matrix for satellite imagery."""
_SIZE_INCHES = (8.2, 3.6)


def plot_size_and_speed(benchmark: CodecBenchmark, scene: str) -> Figure:
    """Draw the encoding speed of every codec on a scene against the size it leaves.

    Raises
    ------
    InputError
        If the scene was not measured.
    """
    import matplotlib.pyplot as plt

    rows = _rows(benchmark, scene)
    with plot_style():
        drawing, axes = plt.subplots(figsize=_SIZE_INCHES)
        axes.grid(visible=True, axis="both")
        axes.set_xscale("log")
        for m in rows:
            colour = COLOURS["json"] if (m.codec, m.level) == _GUIDE else COLOURS["binary"]
            size = len(m.encode_s)
            axes.plot(
                [m.raw_bytes / 1e6 / s for s in m.encode_s], [_share(m)] * size, ".", color=MUTED
            )
            axes.plot(m.encode_mb_s, _share(m), "o", color=colour, markersize=8)
            axes.annotate(
                _label(m), (m.encode_mb_s, _share(m)), (6, 6), textcoords="offset points", color=INK
            )
        axes.set_xlabel("encoding speed of one thread, MB of image a second (logarithmic)")
        axes.set_ylabel("size, % of the image")
        axes.set_ylim(0, 105)
        axes.margins(x=0.15)
        smallest = min(rows, key=_share)
        return draw(
            drawing,
            caption=(
                f"Scene {scene}, {rows[0].raw_bytes / 1e6:.1f} MB. Big dots: medians of "
                f"{benchmark.repetitions} repetitions, small dots: single ones. In the other "
                "colour: what the guide's matrix has for imagery."
            ),
            alt=(
                f"On {scene}, {_label(smallest)} leaves the least, {_share(smallest):.0f} % of "
                f"the image, at {smallest.encode_mb_s:.0f} MB a second."
            ),
        )


def codec_table(benchmark: CodecBenchmark) -> Fragment:
    """List all measurements."""
    return table(
        "All codecs on all scenes, one thread, medians",
        ("Scene and codec", "Size, % of the image", "Encode, MB/s", "Decode, MB/s"),
        [
            (
                f"{m.scene}, {_label(m)}" + (" (gave up: stored)" if _gave_up(m) else ""),
                f"{_share(m):.1f}",
                f"{m.encode_mb_s:,.0f}",
                f"{m.decode_mb_s:,.0f}",
            )
            for m in benchmark.measurements
            if m.codec != "stored"
        ],
        numeric=True,
    )


def predictive_answer(benchmark: CodecBenchmark) -> Fragment:
    """Answer what knowing that bytes are pixels is worth."""
    ratios = benchmark.ratios("predictive", *_GUIDE)
    parts = [
        f"on {scene} {100 * each['size']:.0f} % of its size, at {each['encode']:.1f} times its "
        f"encoding and {each['decode']:.1f} times its decoding speed"
        for scene, each in sorted(ratios.items())
        if each["size"] < 0.99
    ]
    if not parts:
        return paragraph("On none of these scenes does predictive leave less than zstd-1.")
    return paragraph("Predictive against the guide's zstd-1: " + "; ".join(parts) + ".")


def threads_answer(benchmark: CodecBenchmark) -> Fragment:
    """Answer what a second thread brings."""
    parts = [
        f"{each.encode_gain:.2f} times the encoding and {each.decode_gain:.2f} times the decoding "
        f"speed on {each.scene}"
        for each in benchmark.threads
    ]
    if not parts:
        return paragraph("No scene was large enough to be cut into blocks for two threads.")
    return paragraph("Two threads on blocks of 5 MB reach " + ", ".join(parts) + ".")


def _rows(benchmark: CodecBenchmark, scene: str) -> Sequence[CodecMeasurement]:
    rows = [m for m in benchmark.measurements if m.scene == scene and m.codec != "stored"]
    if not rows:
        msg = f"scene {scene!r} was not measured"
        raise InputError(msg)
    return [m for m in rows if not _gave_up(m)] or rows


def _gave_up(measurement: CodecMeasurement) -> bool:
    return measurement.used == "stored" != measurement.codec


def _share(measurement: CodecMeasurement) -> float:
    return 100 * measurement.encoded_bytes / measurement.raw_bytes


def _label(measurement: CodecMeasurement) -> str:
    return (
        measurement.codec
        if measurement.level is None
        else f"{measurement.codec}-{measurement.level}"
    )
