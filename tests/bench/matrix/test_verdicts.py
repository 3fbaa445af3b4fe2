from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.made_up_matrix import matrix_result
from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.verdicts import LaneFinding, judge_matrix
from wildfire_bench.bench.verdicts.judging import Verdict
from wildfire_bench.settings import DataType


def finding(result: MatrixResult, data_type: str, words: str) -> LaneFinding:
    (found,) = [
        each
        for each in judge_matrix(result)
        if each.data_type == data_type and words in each.promise
    ]
    return found


def test_every_row_of_the_matrix_but_images_is_judged() -> None:
    judged = {each.data_type for each in judge_matrix(matrix_result())}
    assert judged == set(DataType) - {DataType.SATELLITE_IMAGERY}


def test_alerts_within_100_ms_keep_their_promise() -> None:
    assert finding(matrix_result(), "critical_alerts", "beside images").verdict is Verdict.HOLDS


def test_too_few_alerts_carry_no_percentile_and_no_verdict() -> None:
    found = finding(matrix_result(alerts=100), "critical_alerts", "beside images")
    assert (found.verdict, found.measured) == (Verdict.NOT_MEASURED, None)


def test_sensors_keep_theirs_if_zstd_adds_less_than_10_ms() -> None:
    found = finding(matrix_result(), "iot_sensors", "overhead")
    assert found.verdict is Verdict.HOLDS
    assert found.measured is not None
    assert found.measured.value == pytest.approx(0.5)


def test_sensors_break_it_if_zstd_adds_more() -> None:
    result = matrix_result(latency_ms={"zstd": 25.0})
    assert finding(result, "iot_sensors", "overhead").verdict is Verdict.FAILS


@pytest.mark.parametrize(
    ("zstd_ms", "verdict"),
    [(10.5, Verdict.HOLDS), (14.0, Verdict.FAILS), (20.0, Verdict.FAILS)],
)
def test_zstd_must_be_a_fifth_quicker_than_gzip(zstd_ms: float, verdict: Verdict) -> None:
    result = matrix_result(latency_ms={"zstd": zstd_ms})
    assert finding(result, "weather_bulk", "20-40%").verdict is verdict


def test_alerts_whose_interval_lies_on_both_sides_of_the_limit_decide_nothing() -> None:
    result = matrix_result()
    latencies = (*[10.0] * 985, *(80.0 + 3 * n for n in range(15)))
    alerts = tuple(replace(run, latencies_ms=latencies) for run in result.alerts)
    found = finding(replace(result, alerts=alerts), "critical_alerts", "beside images")
    assert found.verdict is Verdict.NOT_MEASURED
    assert "Not decided: anything from" in found.sentence


def test_too_few_rounds_carry_no_verdict_on_latency() -> None:
    found = finding(matrix_result(rounds=3), "nasa_firms", "20-40%")
    assert found.verdict is Verdict.NOT_MEASURED
    assert "Rounds: 3" in found.sentence


@pytest.mark.parametrize(
    ("form", "verdict"),
    [("JSON numbers", Verdict.HOLDS), ("binary floats", Verdict.FAILS)],
)
def test_each_form_of_weather_is_held_against_78_percent(form: str, verdict: Verdict) -> None:
    assert finding(matrix_result(), "weather_bulk", form).verdict is verdict


def test_detections_are_balanced_if_no_larger_and_no_slower_than_with_gzip() -> None:
    assert finding(matrix_result(), "nasa_firms", "balanced").verdict is Verdict.HOLDS
