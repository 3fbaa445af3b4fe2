"""What codecs make of real scenes: size against speed, drawn and in words."""

from __future__ import annotations

from collections.abc import Sequence

from wildfire_bench.bench.codecs.measuring import CodecBenchmark, CodecMeasurement
from wildfire_bench.errors import InputError
from wildfire_bench.report.figures import Figure, draw
from wildfire_bench.report.fragments import Fragment, paragraph, table
from wildfire_bench.report.point_labels import label_points
from wildfire_bench.report.style import COLOURS, MUTED, plot_style

__all__ = [
    "codec_table",
    "plot_size_and_speed",
    "predictive_answer",
    "rivals_answer",
    "threads_answer",
]

_GUIDE = ("zstd", 1)
"""The row of the guide's matrix for satellite imagery."""
_DENSE = ("predictive", 2)
_SUMMIT = ("jpeg-xl", 3)
_SPECIAL = ("float", "unwrap")
_NO_GAIN = 0.99
_SIZE_INCHES = (8.2, 4.8)


def plot_size_and_speed(benchmark: CodecBenchmark, scene: str) -> Figure | Fragment:
    """Draw the encoding speed of every codec on a scene against the size it leaves.

    Where every codec gives up there is nothing to draw: a sentence says so.

    Raises
    ------
    InputError
        If the scene was not measured.
    """
    import matplotlib.pyplot as plt

    rows = _rows(benchmark, scene)
    if not rows:
        return paragraph(f"Scene {scene}: all codecs gave up: stored as it is.")
    others = ""
    if any(m in benchmark.rivals for m in rows):
        others = "; grey: other people's codecs, on the pixels alone"
    with plot_style():
        drawing, axes = plt.subplots(figsize=_SIZE_INCHES)
        axes.grid(visible=True, axis="both")
        axes.set_xscale("log")
        for m in rows:
            colour = _colour(benchmark, m)
            size = len(m.encode_s)
            axes.plot(
                [m.raw_bytes / 1e6 / s for s in m.encode_s], [_share(m)] * size, ".", color=MUTED
            )
            axes.plot(m.encode_mb_s, _share(m), "o", color=colour, markersize=8)
        axes.set_xlabel("encoding speed of one thread, MB of image a second (logarithmic)")
        axes.set_ylabel("size, % of the image")
        axes.set_ylim(0, 105)
        axes.margins(x=0.15)
        label_points(axes, [(m.encode_mb_s, _share(m), _label(m)) for m in rows])
        smallest = min(rows, key=_share)
        return draw(
            drawing,
            caption=(
                f"Scene {scene}, {rows[0].raw_bytes / 1e6:.1f} MB. Big dots: medians of "
                f"{benchmark.repetitions} repetitions, small dots: single ones. Blue: ours; "
                f"orange: what the guide's matrix has for imagery{others}."
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
                # Handing on bytes as they are takes no time: such a speed says nothing.
                "–" if _gave_up(m) else f"{m.encode_mb_s:,.0f}",
                "–" if _gave_up(m) else f"{m.decode_mb_s:,.0f}",
            )
            for m in (*benchmark.measurements, *benchmark.rivals)
            if m.codec != "stored"
        ],
        numeric=True,
    )


def predictive_answer(benchmark: CodecBenchmark) -> Fragment:
    """Answer what knowing that bytes are pixels is worth."""
    ratios = benchmark.ratios(("predictive", 1), _GUIDE)
    gained = {scene: each for scene, each in ratios.items() if each["size"] < _NO_GAIN}
    if not gained:
        return paragraph("On none of these scenes does predictive leave less than zstd-1.")
    return paragraph(f"Predictive-1 against the guide's zstd-1: {_in_words(gained)}.")


def rivals_answer(benchmark: CodecBenchmark) -> Fragment:
    """Answer how near the denser setting comes to JPEG XL, or why that was not measured."""
    if benchmark.rivals_skipped:
        return paragraph(f"Not compared to other codecs: {benchmark.rivals_skipped}.")
    ratios = benchmark.ratios(_DENSE, _SUMMIT)
    if not ratios:
        return paragraph("None of these scenes holds pixels that JPEG XL was measured on.")
    return paragraph(
        f"Predictive-2 against JPEG XL, lossless, effort 3: {_in_words(ratios)}; "
        f"n {benchmark.repetitions}."
    )


def _in_words(ratios: dict[str, dict[str, float]]) -> str:
    return "; ".join(
        f"on {scene} {100 * each['size']:.1f} % of its size, at {each['encode']:.1f} times its "
        f"encoding and {each['decode']:.1f} times its decoding speed"
        for scene, each in sorted(ratios.items())
    )


def threads_answer(benchmark: CodecBenchmark) -> Fragment:
    """Answer what a second thread brings."""
    parts = [
        f"{each.encode_gain:.2f} times the encoding and {each.decode_gain:.2f} times the decoding "
        f"speed on {each.scene} at level {each.level} (n {len(each.encode_gains)})"
        for each in benchmark.threads
    ]
    if not parts:
        return paragraph("No scene was large enough to be cut into blocks for two threads.")
    return paragraph("Two threads on blocks of 5 MB reach " + ", ".join(parts) + ".")


def _rows(benchmark: CodecBenchmark, scene: str) -> Sequence[CodecMeasurement]:
    measured = (*benchmark.measurements, *benchmark.rivals)
    rows = [m for m in measured if m.scene == scene and m.codec != "stored"]
    if not rows:
        msg = f"scene {scene!r} was not measured"
        raise InputError(msg)
    same = {m.encoded_bytes for m in rows if (m.codec, m.level) == ("predictive", 1)}
    # Codecs float and unwrap do what predictive does where they find nothing of their own.
    different = [m for m in rows if m.codec not in _SPECIAL or m.encoded_bytes not in same]
    return [m for m in different if not _gave_up(m)]


def _colour(benchmark: CodecBenchmark, measurement: CodecMeasurement) -> str:
    if (measurement.codec, measurement.level) == _GUIDE:
        return COLOURS["json"]
    return MUTED if measurement in benchmark.rivals else COLOURS["binary"]


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
