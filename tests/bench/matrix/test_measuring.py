from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from wildfire_bench.bench.matrix.measuring import measure_matrix
from wildfire_bench.bench.matrix.results import MatrixResult, save_matrix
from wildfire_bench.bench.matrix.verdicts import judge_matrix
from wildfire_bench.bench.matrix.workload import VARIANTS, matrix_workload
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def result(stack) -> MatrixResult:
    """The smoke profile on the session's broker."""
    return measure_matrix(stack, replace(matrix_workload("smoke"), image_bytes=1_000_000))


def test_every_lane_is_measured_with_every_codec(result):
    measured = {(each.data_type, each.variant) for each in result.samples}
    assert measured == {(lane, variant) for lane in LANE_PLANS for variant in VARIANTS}


def test_each_single_record_has_a_latency_and_each_burst_one(result):
    counts = {each.data_type: len(each.latencies_ms) for each in result.samples}
    assert counts == {"critical_alerts": 20, "iot_sensors": 50, "nasa_firms": 1, "weather_bulk": 1}


def test_latencies_are_positive(result):
    assert min(ms for each in result.samples for ms in each.latencies_ms) > 0


def test_alerts_are_measured_alone_and_beside_images(result):
    assert [run.images_in_flight > 0 for run in result.alerts] == [False, True]
    assert [len(run.latencies_ms) for run in result.alerts] == [100, 100]


@pytest.mark.parametrize("lane", list(LANE_PLANS))
def test_zstd_takes_less_disk_than_no_compression(result, lane):
    sizes = {name: result.stored_lane(lane, name).stored_bytes for name in VARIANTS}
    assert sizes["zstd"] < sizes["none"]


def test_small_counts_are_not_judged_on_speed(result):
    speeds = [each for each in judge_matrix(result) if "latency" in each.promise]
    assert {each.verdict for each in speeds} == {"not measured"}


def test_results_are_saved_and_read_back_equal(result, tmp_path):
    path = save_matrix(result, tmp_path / "deep" / "results.json")
    assert TypeAdapter(MatrixResult).validate_json(path.read_bytes()) == result


def test_no_topic_is_left_behind(result, stack):
    topics = open_admin(stack.apply(Settings())).list_topics(timeout=10).topics
    assert [name for name in topics if name.startswith("matrix-")] == []


def test_an_unknown_profile_is_refused_with_the_known_ones():
    with pytest.raises(InvalidParameter, match="smoke, quick, full"):
        matrix_workload("huge")


def test_images_have_no_lane_here():
    assert DataType.SATELLITE_IMAGERY not in LANE_PLANS
