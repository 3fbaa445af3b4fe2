"""The report's sentences: every number in them comes from the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from wildfire_bench.bench.machine_load import is_busy_note
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.statistics import Rounds, round_ratio_interval, summarise
from wildfire_bench.bench.verdicts.judging import (
    SIZE_TOLERANCE,
    TIME_TOLERANCE,
    Finding,
    Verdict,
)
from wildfire_bench.bench.verdicts.quantities import Quantity, rounds_of, samples_of
from wildfire_bench.bench.workloads.drivers import AFTER, BEFORE, read_driver
from wildfire_bench.report.fragments import Fragment, box, opening, paragraph

__all__ = [
    "cpu_answer",
    "headline",
    "headline_figures",
    "how_measured",
    "how_to_repeat",
    "latency_answer",
    "limitations",
    "serialization_answer",
    "storage_answer",
    "what_got_worse",
]

_NAMES: dict[Quantity, tuple[str, str]] = {
    "stored_mb": ("storage", "MB"),
    "wire_mb": ("traffic", "MB"),
    "end_to_end_ms": ("latency", "ms"),
    "cpu_s_per_gb": ("CPU time", "s/GB"),
}

_BYTES: tuple[Quantity, ...] = ("stored_mb", "wire_mb")
"""What one round is enough for."""

GUIDE_BEFORE_MS = 850.0
"""Serialization time before (guide, section 6)."""

_METHOD = (
    (
        "Producer, broker and consumer are three processes; one image is in flight. Every round "
        "sends every variant, in a new order. Latency runs from the intended send to the verified "
        "image in the consumer's hands."
    ),
    "Every received image is compared with the sent one by SHA-256, outside the timed part.",
    (
        "Stored: the brokers' log directories, cross-checked with the segment files. Sent: bytes "
        "that librdkafka counts towards the brokers, cross-checked with a proxy that one more "
        "image passes. CPU: user and system time of each process. "
        "Intervals: 95 %, bootstrap of medians and of their ratios; whole rounds are drawn, since "
        "images of one round are not independent."
    ),
    (
        "zstd is level 1, the guide's for satellite images; gzip is level 6. (client): librdkafka "
        "compresses the batch. (app): the library compresses the value."
    ),
)
_LIMITS = (
    (
        "One machine: the three processes share its cores and its loopback network. Bytes carry "
        "over to other machines, times and CPU seconds do not; ratios do in order of magnitude."
    ),
    (
        "Times and CPU seconds are of one kind of scene, 16-bit optical bands. Sizes are of four "
        "kinds, one scene each, where the profile has them sent."
    ),
    "Writes go to the page cache; the topics have as many copies as there are brokers, up to 3.",
    (
        f"A value of the guide counts as confirmed within {100 * SIZE_TOLERANCE:.0f} % for sizes "
        f"and {100 * TIME_TOLERANCE:.0f} % for times, since its machine and scene are not known."
    ),
)


def headline_figures(results: BenchRun, findings: Sequence[Finding]) -> list[str]:
    """Say the outcome in three lines, for a terminal as for the page.

    One more says, if that is so, that other work disturbed the times among them.
    """
    changes = [
        f"{_NAMES[quantity][0]} {_change(results, quantity, AFTER, BEFORE)}"
        for quantity in (_NAMES if results.workload.supports_speed else _BYTES)
        if samples_of(results, quantity, AFTER) and samples_of(results, quantity, BEFORE)
    ]
    counts = Counter(finding.verdict for finding in findings)
    said = ", ".join(f"{counts[each]} {_plural(each, counts[each])}" for each in Verdict)
    size_mb = results.scene.size_bytes / 1e6
    outcome = "; ".join(changes) or "nothing was measured"
    lines = [
        f"Binary with zstd against base64 JSON, one image of {size_mb:.1f} MB: {outcome}.",
        f"Of the guide's {len(findings)} numbers: {said}.",
    ]
    failed = len(results.failures())
    total = len(results.samples)
    lines.append(
        f"All {total} images arrived byte for byte as they were sent."
        if not failed
        else f"{failed} of {total} images did not arrive as they were sent."
    )
    busy = [note for note in results.notes if is_busy_note(note)]
    if busy and results.workload.supports_speed:
        lines.append(f"Take the times with care. {busy[-1]}")  # during the run, or else before it
    return lines


def headline(results: BenchRun, findings: Sequence[Finding]) -> Fragment:
    """Open the report with its outcome."""
    return opening(headline_figures(results, findings))


def storage_answer(results: BenchRun) -> Fragment:
    """Answer where the saving in storage comes from."""
    before, plain, after = (
        _median(results, "stored_mb", name) for name in (BEFORE, "binary_none", AFTER)
    )
    dropped, squeezed = before - plain, plain - after
    return paragraph(
        f"Of {before:.1f} MB, leaving out base64 saves {dropped:.1f} MB and zstd another "
        f"{squeezed:.1f} MB: {after:.1f} MB remain, {100 * (1 - after / before):.0f} % less. "
        f"With the client's zstd in place of ours it is "
        f"{_median(results, 'stored_mb', 'binary_zstd_client'):.1f} MB."
    )


def latency_answer(results: BenchRun) -> Fragment:
    """Answer who is fast, and what gzip costs where."""
    return paragraph(
        f"An image takes {_said(results, BEFORE)} as JSON, {_said(results, 'binary_none')} as "
        f"plain binary and {_said(results, AFTER)} as binary with zstd. With gzip it takes "
        f"{_said(results, 'binary_gzip_app')} as binary, compressed by Python's zlib, and "
        f"{_said(results, 'json_gzip_client')} as JSON, compressed by the Kafka client."
    )


def serialization_answer(results: BenchRun) -> Fragment:
    """Answer which path the guide's two times can be."""
    times = {
        path: summarise(results.serialization_ms(path)).median
        for path in ("json", "json_gzip", "binary_zstd1", "binary_zstd3")
        if results.serialization_ms(path)
    }
    if len(times) < 4:
        return paragraph("Serialization was not measured in this run.")
    text = (
        f"Base64 JSON takes {times['json']:,.0f} ms, and {times['json_gzip']:,.0f} ms with gzip; "
        f"binary takes {times['binary_zstd1']:,.0f} ms with zstd level 1 and "
        f"{times['binary_zstd3']:,.0f} ms with level 3."
    )
    if _near(times["json_gzip"], GUIDE_BEFORE_MS) and not _near(times["json"], GUIDE_BEFORE_MS):
        text += (
            " So the guide's 850 ms are those of JSON with gzip, and its 27 MB those of JSON "
            "without."
        )
    return paragraph(text)


def cpu_answer(results: BenchRun) -> Fragment:
    """Answer what the three processes spend."""
    if not results.cpu_s_per_gb(AFTER, "total"):
        return paragraph(
            "The brokers' CPU time is not known here, so the three cannot be added up: "
            f"{'; '.join(results.notes)}."
        )
    parts = ", ".join(
        f"{process} {summarise(results.cpu_s_per_gb(BEFORE, process)).median:.1f} to "
        f"{summarise(results.cpu_s_per_gb(AFTER, process)).median:.1f}"
        for process in ("producer", "broker", "consumer")
    )
    return paragraph(
        f"From JSON to binary with zstd the CPU seconds per GB of image go from "
        f"{_median(results, 'cpu_s_per_gb', BEFORE):.1f} to "
        f"{_median(results, 'cpu_s_per_gb', AFTER):.1f} ({parts})."
    )


def what_got_worse(results: BenchRun) -> Fragment:
    """Name what the recommended way costs, against JSON and against plain binary."""
    points = []
    for other, words in ((BEFORE, "base64 JSON"), ("binary_none", "plain binary")):
        for name, unit, samples in _costs(results):
            after, before = samples(AFTER), samples(other)
            ratio = round_ratio_interval(after, before) if after and before else None
            if ratio is not None and ratio.low > 1:
                points.append(
                    f"Against {words}, {name} is {ratio.value:.1f} times as high "
                    f"[{ratio.low:.1f} to {ratio.high:.1f}]: {_median_of(before)} to "
                    f"{_median_of(after)} {unit}."
                )
    if not points:
        points = ["Nothing that was measured got worse beyond what the samples can tell."]
    points.append(
        "This network is the machine's own. A saving in bytes shortens a transfer over a real "
        "one, where plain binary loses its lead."
    )
    return box("What got worse", points, kind="box worse")


def how_measured(results: BenchRun) -> Fragment:
    """Say what was done, on what, when and how often."""
    work, scene, machine = results.workload, results.scene, results.environment
    when = (
        f"When: {results.started}, {results.duration_s:.0f} s, commit "
        f"{machine.commit or 'unknown'}; load before: {machine.load_before:.1f}."
    )
    return box(
        "How it was measured",
        [
            f"Scene: {scene.size_bytes:,} bytes. {scene.provenance}",
            f"Machine: {machine.summary}.",
            when,
            f"Workload {work.name}: {work.supports}.",
            *_METHOD,
        ],
    )


def how_to_repeat(results: BenchRun) -> Fragment:
    """Say where the raw samples are, and the command that measures the same again."""
    return paragraph(
        "Raw samples are in results.json beside the executed notebook. The profile again: "
        f"wildfire-bench report --profile {results.workload.name}"
    )


def limitations(results: BenchRun) -> Fragment:
    """Say what the numbers do not carry."""
    return box("Limitations", [*_LIMITS, *results.notes], kind="box limits")


def _costs(
    results: BenchRun,
) -> Iterator[tuple[str, str, Callable[[str], Rounds]]]:
    """List all that can get worse, with its unit and its samples by variant."""
    for quantity, (name, unit) in _NAMES.items():
        yield name, unit, partial(rounds_of, results, quantity)
    for process in ("producer", "broker", "consumer"):
        cpu = partial(results.cpu_s_per_gb_by_round, process=process)
        yield f"the {process}'s CPU time", "s/GB", cpu


def _median_of(rounds: Rounds) -> str:
    median = summarise([value for samples in rounds.values() for value in samples]).median
    return f"{median:.1f}" if median < 100 else f"{median:,.0f}"


def _near(value_ms: float, guide_ms: float) -> bool:
    return abs(value_ms / guide_ms - 1) <= TIME_TOLERANCE


def _change(results: BenchRun, quantity: Quantity, after: str, before: str) -> str:
    unit = _NAMES[quantity][1]
    old, new = _median(results, quantity, before), _median(results, quantity, after)
    digits = 1 if old < 100 else 0
    return (
        f"{old:,.{digits}f} to {new:,.{digits}f} {unit} ({100 * (new / old - 1):+.0f} %)".replace(
            "(-", "(−"
        )
    )


def _said(results: BenchRun, name: str) -> str:
    samples = results.end_to_end_ms(name)
    if not samples:
        return f"(not measured: {read_driver(name).label}) ms"
    return f"{summarise(samples).median:,.0f} ms"


def _median(results: BenchRun, quantity: Quantity, name: str) -> float:
    samples = samples_of(results, quantity, name)
    return summarise(samples).median if samples else float("nan")


def _plural(verdict: Verdict, count: int) -> str:
    if count == 1:
        return verdict.value
    return verdict.value.replace("holds", "hold").replace("does not", "do not")
