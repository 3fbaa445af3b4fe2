from dataclasses import replace

import pytest

from tests.bench.made_up import made_up
from tests.bench.made_up_matrix import matrix_result
from wildfire_bench.bench.matrix.lane_checks import (
    keep_matrix,
    lane_checks,
    lane_checks_of,
    newest_lanes,
)
from wildfire_bench.bench.results.store import append_run
from wildfire_bench.bench.verdicts.claims import claims
from wildfire_bench.bench.verdicts.judging import Verdict, judge_all
from wildfire_bench.errors import BenchmarkError


def verdicts(checks):
    return {finding.claim.name: finding.verdict for finding in judge_all(made_up(), checks)}


def test_every_row_of_the_matrix_gets_a_verdict():
    found = verdicts(lane_checks(matrix_result()))
    assert [name for name, verdict in found.items() if verdict is Verdict.NOT_MEASURED] == []


def test_the_register_asks_for_no_check_that_the_lanes_do_not_give():
    asked = {claim.check for claim in claims() if claim.name.startswith("matrix_")} - {None}
    others = {other.check for claim in claims() for other in claim.alternatives}
    assert asked | others <= {check.name for check in lane_checks(matrix_result())}


def test_weather_holds_by_the_form_that_shrinks_enough():
    forms = tuple(
        replace(each, compressed_bytes=100 if each.form == "binary floats" else 400)
        for each in matrix_result().forms
    )
    checks = lane_checks(replace(matrix_result(), forms=forms))
    assert verdicts(checks)["matrix_weather"] is Verdict.IN_PART


def test_a_run_of_too_few_rounds_answers_nothing_about_latency():
    names = {check.name for check in lane_checks(matrix_result(rounds=1))}
    assert "matrix_iot_overhead_ms" not in names


def test_the_newest_run_over_the_lanes_with_rounds_enough_answers(tmp_path):
    late = replace(matrix_result(latency_ms={"zstd": 11.0}), started="2031-01-01T00:00:00+00:00")
    for each in (
        matrix_result(),
        late,
        replace(matrix_result(rounds=1), started="2032-01-01T00:00:00+00:00"),
    ):
        keep_matrix(each, tmp_path)
    assert newest_lanes(tmp_path) == late


def test_a_run_that_was_measured_in_one_go_has_its_own_answers(tmp_path):
    kept = append_run(made_up(), tmp_path)
    before = lane_checks_of(kept)
    keep_matrix(matrix_result(), tmp_path, kept.id)
    assert (before, lane_checks_of(kept)) == ((), lane_checks(matrix_result()))


def test_no_run_over_the_lanes_is_written_over(tmp_path):
    keep_matrix(matrix_result(), tmp_path)
    with pytest.raises(BenchmarkError, match="never written over"):
        keep_matrix(matrix_result(), tmp_path)


def test_a_damaged_run_over_the_lanes_is_an_error(tmp_path):
    keep_matrix(replace(matrix_result(), started="2031-01-01T00:00:00+00:00"), tmp_path)
    (path,) = tmp_path.glob("*.matrix.json")
    path.write_text("{}")
    with pytest.raises(BenchmarkError, match="no run over the lanes"):
        newest_lanes(tmp_path)
