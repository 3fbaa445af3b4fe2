"""What a run over the lanes answers to the claims register: one check for each promise's reading.

`wildfire-bench bench matrix` measures the lanes and keeps its run in the store beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.matrix.results import MatrixResult, save_matrix
from wildfire_bench.bench.matrix.sizes import FORMS
from wildfire_bench.bench.matrix.verdicts import LaneFinding, judge_matrix
from wildfire_bench.bench.measurements import Check
from wildfire_bench.bench.results.store import MIN_ROUNDS, STORE, StoredRun
from wildfire_bench.bench.verdicts.judging import Verdict
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.settings import DataType

__all__ = [
    "keep_matrix",
    "lane_checks",
    "lane_checks_of",
    "newest_lanes",
    "read_lanes",
]

MAX_MATRIX_BYTES = 64 << 20
_SUFFIX: Final = ".matrix.json"
_WEATHER_CHECKS: Final = dict(
    zip(
        FORMS,
        (
            "matrix_weather_saved_percent",
            "matrix_weather_base64_saved_percent",
            "matrix_weather_binary_saved_percent",
        ),
        strict=True,
    )
)


def keep_matrix(result: MatrixResult, store: Path = STORE, run_id: str | None = None) -> Path:
    """Keep a run over the lanes in a store.

    Parameters
    ----------
    result
        The run.
    store
        Folder of kept runs.
    run_id
        Of the kept run that was measured in the same go; None for a run alone.

    Raises
    ------
    BenchmarkError
        If the store holds it already.
    """
    moment = result.started.replace("-", "").replace(":", "").removesuffix("+0000")
    name = run_id or f"{moment}-{result.environment.commit or 'unversioned'}"
    path = store / f"{name}{_SUFFIX}"
    if path.exists():
        msg = f"{path} exists already: a stored run is never written over"
        raise BenchmarkError(msg)
    return save_matrix(result, path)


def lane_checks_of(run: StoredRun) -> tuple[Check, ...]:
    """Get the answers that were measured in the same go as a kept run; none if none were.

    Raises
    ------
    BenchmarkError
        If they cannot be read.
    """
    path = run.folder.with_name(f"{run.id}{_SUFFIX}")
    return lane_checks(read_lanes(path)) if path.exists() else ()


def newest_lanes(store: Path = STORE) -> MatrixResult | None:
    """Find the newest run over the lanes with rounds enough for intervals.

    Raises
    ------
    BenchmarkError
        If one cannot be read.
    """
    folders = (store, data_file("results"))
    found = [path for folder in folders for path in folder.glob(f"*{_SUFFIX}")]
    newest_first = sorted(found, key=lambda each: each.name, reverse=True)
    runs = (read_lanes(path) for path in newest_first)
    return next((run for run in runs if run.workload.rounds >= MIN_ROUNDS), None)


def read_lanes(path: Path) -> MatrixResult:
    """Read a run over the lanes.

    Raises
    ------
    BenchmarkError
        If it cannot be read.
    """
    try:
        if path.stat().st_size > MAX_MATRIX_BYTES:
            msg = f"{path} has more than {MAX_MATRIX_BYTES:,} bytes: it is no run over the lanes"
            raise BenchmarkError(msg)
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        msg = f"{path} is no run over the lanes of this version: remove it, or measure again"
        raise BenchmarkError(msg) from error


def lane_checks(result: MatrixResult) -> tuple[Check, ...]:
    """Turn the findings of a run into checks; where it had too few samples there is none."""
    findings = judge_matrix(result)
    return tuple(_checks(findings))


def _checks(findings: Sequence[LaneFinding]) -> Iterable[Check]:
    for each in findings:
        if each.verdict is Verdict.NOT_MEASURED or each.measured is None:
            continue
        detail = each.sentence.rstrip(".")
        # The far end of the interval: a promise holds if all of it does.
        worst = each.measured.high
        if each.promise.startswith("lowest latency"):
            alone = "" if "beside images" in each.promise else "alone_"
            yield Check(f"matrix_alerts_{alone}p99_ms", worst, "ms", detail)
        elif each.promise.startswith("fast compression"):
            yield Check("matrix_iot_overhead_ms", worst, "ms", detail)
        elif each.data_type is DataType.NASA_FIRMS and each.promise == "balanced performance":
            holds = float(each.verdict is Verdict.HOLDS)
            yield Check("matrix_firms_balanced", holds, "", detail)
        elif each.promise.startswith("high compression ratio"):
            name = _WEATHER_CHECKS[each.promise.rpartition(", ")[2]]
            yield Check(name, each.measured.value, "%", detail)


_ADAPTER = TypeAdapter(MatrixResult)
