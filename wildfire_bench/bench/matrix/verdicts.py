"""Each promise of the guide's compression matrix beside the measured value.

A promise holds if the whole interval of the measured value keeps it. One that hangs on a reading
of its words is held against each reading by itself. Where the interval of a latency lies on both
sides of the promise, the run decides nothing, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.sizes import GZIP_LEVEL
from wildfire_bench.bench.statistics import (
    MIN_FOR_INTERVAL,
    Interval,
    difference_interval,
    percentile_interval,
    ratio_interval,
)
from wildfire_bench.bench.verdicts.judging import Verdict
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

__all__ = ["LaneFinding", "judge_matrix"]

ALERT_LIMIT_MS = 100.0
SENSOR_LIMIT_MS = 10.0
WEATHER_REDUCTION = 78.0
LATENCY_REDUCTION = 20.0
SIZE_MARGIN = 1.05
"""How much larger than gzip's a zstd batch may be and still be called balanced."""


@dataclass(frozen=True, slots=True)
class LaneFinding:
    """A promise, what was measured, and what that means."""

    data_type: DataType
    promise: str
    """In the guide's words, with its limit."""
    verdict: Verdict
    measured: Interval | None
    """Without width where nothing varies."""
    unit: str
    samples: int
    sentence: str


def judge_matrix(result: MatrixResult) -> tuple[LaneFinding, ...]:
    """Hold every promise of the matrix against a run, in the order of its rows."""
    return (
        *_alerts(result),
        _sensors(result),
        *_detections(result),
        *_weather(result),
        *(_zstd_against_gzip(result, data_type) for data_type in LANE_PLANS),
    )


def _alerts(result: MatrixResult) -> Iterable[LaneFinding]:
    rates = [run.image_mb_per_s for run in result.alerts if run.images_in_flight]
    load = f"beside {min(rates):.0f} to {max(rates):.0f} MB/s of images" if rates else ""
    for beside_images, when in ((False, "alone"), (True, load)):
        latencies = result.alert_latencies_ms(beside_images=beside_images)
        p99 = percentile_interval(latencies, 99) if latencies else None
        verdict, said = Verdict.NOT_MEASURED, f"{len(latencies)} alerts carry no 99th percentile."
        if p99 is not None:
            verdict = _below(p99, ALERT_LIMIT_MS)
            said = (
                f"99 of 100 alerts are with the receiver within {p99.value:.1f} ms {when}; "
                f"the slowest of {len(latencies):,} took {max(latencies):.0f} ms."
                f"{_undecided(p99, verdict)}"
            )
        promise = f"lowest latency (<100ms), {'beside images' if beside_images else 'alone'}"
        yield LaneFinding(
            DataType.CRITICAL_ALERTS, promise, verdict, p99, "ms", len(latencies), said
        )


def _sensors(result: MatrixResult) -> LaneFinding:
    lane = DataType.IOT_SENSORS
    after, before = (result.round_medians_ms(lane, name) for name in ("zstd", "none"))
    added = difference_interval(after, before) if after and before else None
    said, verdict = _too_few(len(after)), Verdict.NOT_MEASURED
    if added is not None:
        verdict = _below(added, SENSOR_LIMIT_MS)
        said = (
            f"zstd 1 changes the median latency of a reading by {added.value:+.2f} ms against no "
            f"compression; waiting for company (linger) costs 5 ms with either."
            f"{_undecided(added, verdict)}"
        )
    return LaneFinding(
        lane, "fast compression (<10ms overhead)", verdict, added, "ms", len(after), said
    )


def _detections(result: MatrixResult) -> Iterable[LaneFinding]:
    lane = DataType.NASA_FIRMS
    zstd, gzip, none = (result.stored_lane(lane, name) for name in ("zstd", "gzip", "none"))
    ratio = zstd.stored_bytes / gzip.stored_bytes
    saved = 100 * (1 - zstd.stored_bytes / none.stored_bytes)
    latency = _ratio(result, lane, "zstd", "gzip")
    promise = "balanced performance"
    if latency is None:
        count = len(result.round_medians_ms(lane, "zstd"))
        yield LaneFinding(lane, promise, Verdict.NOT_MEASURED, None, "", count, _too_few(count))
        return
    balanced = ratio <= SIZE_MARGIN and latency.low <= 1
    yield LaneFinding(
        lane,
        promise,
        Verdict.HOLDS if balanced else Verdict.FAILS,
        _exactly(saved),
        "% less on disk",
        len(result.round_medians_ms(lane, "zstd")),
        f"zstd 3 stores {saved:.0f} % less than no compression and {_more(ratio)} than gzip "
        f"{GZIP_LEVEL}; a burst takes {latency.value:.2f} times as long as with gzip and "
        f"{_ratio_text(result, lane)} times as long as uncompressed.",
    )


def _weather(result: MatrixResult) -> Iterable[LaneFinding]:
    forms = [each for each in result.forms if each.codec.startswith("zstd")]
    for form in forms:
        reduction = 100 * (1 - form.compressed_bytes / form.raw_bytes)
        gzip = next(
            each
            for each in result.forms
            if each.form == form.form and each.codec.startswith("gzip")
        )
        by_gzip = 100 * (1 - gzip.compressed_bytes / gzip.raw_bytes)
        yield LaneFinding(
            DataType.WEATHER_BULK,
            f"high compression ratio (78%), {form.form}",
            Verdict.HOLDS if reduction >= WEATHER_REDUCTION else Verdict.FAILS,
            _exactly(reduction),
            "%",
            1,
            f"{form.codec} makes the fields as {form.form} {reduction:.1f} % smaller, gzip "
            f"{GZIP_LEVEL} {by_gzip:.1f} %.",
        )


def _zstd_against_gzip(result: MatrixResult, data_type: DataType) -> LaneFinding:
    promise = "20-40% latency reduction of zstd against gzip"
    count = len(result.round_medians_ms(data_type, "zstd"))
    ratio = _ratio(result, data_type, "zstd", "gzip")
    if ratio is None:
        return LaneFinding(
            data_type, promise, Verdict.NOT_MEASURED, None, "%", count, _too_few(count)
        )
    reduction = ratio.as_reduction()
    said = f"With zstd the median latency is {_less(reduction.value)} than with gzip"
    verdict = Verdict.HOLDS if reduction.low >= LATENCY_REDUCTION else Verdict.FAILS
    if reduction.low < LATENCY_REDUCTION <= reduction.high:
        verdict = Verdict.NOT_MEASURED
        said += f"; not decided: anything from {_less(reduction.low)} to {_less(reduction.high)}"
    return LaneFinding(data_type, promise, verdict, reduction, "%", count, f"{said}.")


def _ratio(result: MatrixResult, data_type: DataType, after: str, before: str) -> Interval | None:
    samples = [result.round_medians_ms(data_type, name) for name in (after, before)]
    return ratio_interval(*samples) if all(samples) else None


def _ratio_text(result: MatrixResult, data_type: DataType) -> str:
    ratio = _ratio(result, data_type, "zstd", "none")
    return "?" if ratio is None else f"{ratio.value:.2f}"


def _below(measured: Interval, limit: float) -> Verdict:
    if measured.low < limit <= measured.high:
        return Verdict.NOT_MEASURED
    return Verdict.HOLDS if measured.high < limit else Verdict.FAILS


def _undecided(measured: Interval, verdict: Verdict) -> str:
    if verdict is not Verdict.NOT_MEASURED:
        return ""
    return f" Not decided: anything from {measured.low:.0f} to {measured.high:.0f} ms."


def _exactly(value: float) -> Interval:
    return Interval(value, value, value)


def _less(percent: float) -> str:
    return f"{abs(percent):.0f} % {'less' if percent >= 0 else 'more'}"


def _more(ratio: float) -> str:
    percent = 100 * (ratio - 1)
    return f"{abs(percent):.0f} % {'more' if percent >= 0 else 'less'}"


def _too_few(count: int) -> str:
    return f"Rounds: {count}; an interval needs {MIN_FOR_INTERVAL}."
