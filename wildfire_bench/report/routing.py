"""Tables and sentences of the comparison of routes: where each hands over to the next."""

from __future__ import annotations

from wildfire_bench.bench.results.bench_run import BenchRun, Selection
from wildfire_bench.bench.statistics import summarise
from wildfire_bench.bench.verdicts.quantities import MB, Quantity, samples_of
from wildfire_bench.bench.verdicts.thresholds import Step, Threshold, thresholds
from wildfire_bench.bench.workloads.drivers import read_driver
from wildfire_bench.report.fragments import Cell, Fragment, box, paragraph, table

__all__ = ["overlapping", "routes_table", "routing_answer", "routing_limits", "threshold_table"]

_NONE = "–"
_LIMITS = (
    (
        "One machine: brokers, object store and clients share its cores, its disk and its loopback "
        "network. Where the store is a network away, a reference costs more than here."
    ),
    (
        "The producer holds every image of the run in memory, so its peak says little; the "
        "consumer's is that of the images in its hands."
    ),
    "The direct route ends where the binary topic's largest record does, whatever is quicker.",
    "Between two measured sizes nothing is known: the smaller one is recommended.",
)


def routing_answer(results: BenchRun) -> Fragment:
    """Say where the routes cross."""
    return paragraph(" ".join(_said(each) for each in thresholds(results)))


def threshold_table(results: BenchRun) -> Fragment:
    """Set the guide's thresholds beside the recommended ones."""
    rows: list[list[Cell]] = [
        [
            f"{_label(each.route)}, then {_label(each.following)}",
            f"{each.guide_bytes / MB:g} MB",
            _recommended(each),
            "; ".join(_step_words(step) for step in each.steps) or _NONE,
        ]
        for each in thresholds(results)
    ]
    return table(
        "Up to which size a route is the better one (95 % intervals in brackets)",
        ("Routes", "The guide", "Recommended here", "Latency, first over second"),
        rows,
    )


def routes_table(results: BenchRun) -> Fragment:
    """List every size and route with its medians."""
    busy = overlapping(results)
    rows: list[list[Cell]] = []
    for scene in sorted(results.images, key=lambda each: each.size_bytes):
        for driver in results.variants:
            if not driver.carries(scene.size_bytes):
                continue
            one = Selection(scene.size_bytes, results.main.pattern)
            several = one if busy is None else Selection(scene.size_bytes, busy)
            rows.append(
                [
                    f"{scene.size_bytes / MB:.0f} MB, {driver.label}",
                    _median(results, "end_to_end_ms", driver.name, one, 0),
                    _median(results, "throughput_mb_s", driver.name, several, 0),
                    _median(results, "cpu_s_per_gb", driver.name, one, 1),
                    _median(results, "producer_peak_mb", driver.name, one, 0),
                    _median(results, "consumer_peak_mb", driver.name, one, 0),
                    _median(results, "stored_mb", driver.name, one, 1),
                    str(len(results.end_to_end_ms(driver.name, one))),
                ]
            )
    return table(
        "Medians by size and route",
        (
            "Size and route",
            "End to end, ms",
            "Throughput, MB/s",
            "CPU, s/GB",
            "Producer's peak, MB",
            "Consumer's, MB",
            "Stored, MB",
            "n",
        ),
        rows,
        numeric=True,
    )


def routing_limits(results: BenchRun) -> Fragment:
    """Say what was done, and what the numbers do not carry."""
    work, machine = results.workload, results.environment
    done = f"{results.started}, {results.duration_s:.0f} s; {machine.summary}."
    patterns = "; ".join(pattern.words for pattern in work.patterns)
    how = f"Workload {work.name}: {patterns}; {work.supports}."
    return box("Limitations", [done, how, *_LIMITS, *results.notes], kind="box limits")


def overlapping(results: BenchRun) -> str | None:
    """Name the pattern in which images overlap, for throughput; None if the run has none."""
    return next((p.name for p in results.workload.patterns if not p.one_by_one), None)


def _said(each: Threshold) -> str:
    first, second = _label(each.route), _label(each.following)
    start = f"{first[:1].upper()}{first[1:]}"
    if not each.steps:
        return f"No size was carried both {first} and {second}."
    if not each.decided:
        return f"{start} against {second}: too few rounds for an answer."
    crossing, recommended = each.crossing, each.recommended_bytes
    largest_mb = each.steps[-1].size_bytes / MB
    if crossing is None or crossing.ratio is None:
        return (
            f"Up to {largest_mb:.0f} MB, the largest size that both carry, {first} is not shown to "
            f"be slower than {second}."
        )
    words = f"{crossing.ratio.value:.2f} times as long at {crossing.size_bytes / MB:.0f} MB"
    if recommended is None:
        return f"{start} is slower than {second} from the smallest size on: {words}."
    return (
        f"{start} is not shown to be slower than {second} up to {recommended / MB:.0f} MB, and "
        f"takes {words}."
    )


def _recommended(each: Threshold) -> str:
    if not each.decided:
        return "not decided: too few rounds"
    if each.recommended_bytes is None:
        return f"below {each.steps[0].size_bytes / MB:.0f} MB"
    end = "" if each.crossing else " or more"
    return f"{each.recommended_bytes / MB:.0f} MB{end}"


def _step_words(step: Step) -> str:
    size, ratio = f"{step.size_bytes / MB:.0f} MB", step.ratio
    if ratio is None:
        return f"{size} {_NONE}"
    return f"{size} {ratio.value:.2f} [{ratio.low:.2f} to {ratio.high:.2f}]"


def _median(results: BenchRun, quantity: Quantity, name: str, of: Selection, digits: int) -> str:
    samples = samples_of(results, quantity, name, of)
    return f"{summarise(samples).median:,.{digits}f}" if samples else _NONE


def _label(name: str) -> str:
    return read_driver(name).label
