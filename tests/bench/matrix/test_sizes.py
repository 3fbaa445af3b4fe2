from __future__ import annotations

import pytest

from wildfire_bench.bench.matrix.sizes import FORMS, batch_sizes, form_sizes
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS


@pytest.fixture(scope="module")
def sizes():
    return batch_sizes(Settings())


def test_every_lane_is_compressed_by_gzip_and_by_its_own_zstd(sizes):
    found = {(each.data_type, each.codec) for each in sizes}
    assert {codec for lane, codec in found if lane == "weather_bulk"} == {"gzip 6", "zstd 6"}
    assert {lane for lane, _ in found} == set(LANE_PLANS)


@pytest.mark.parametrize("lane", ["critical_alerts", "iot_sensors", "nasa_firms"])
def test_a_hundred_records_shrink_at_least_four_times_as_much_as_one(sizes, lane):
    ratio = {
        each.records: each.raw_bytes / each.compressed_bytes
        for each in sizes
        if each.data_type == lane and each.codec.startswith("zstd")
    }
    assert ratio[100] > 4 * ratio[1]


def test_only_numbers_as_json_reach_the_guides_78_percent():
    reached = {
        each.form
        for each in form_sizes(Settings())
        if each.codec == "zstd 6" and each.compressed_bytes <= 0.22 * each.raw_bytes
    }
    assert reached == {FORMS[0]}
