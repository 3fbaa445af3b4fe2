from __future__ import annotations

import pytest

from wildfire_bench.bench.matrix.workload import PROFILES, VARIANTS, settings_of
from wildfire_bench.bench.statistics import BEYOND_PERCENTILE, MIN_FOR_INTERVAL
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS, lane_compression
from wildfire_bench.streaming.sending.lane_client import LaneCompression


def compression(variant: str, data_type: DataType) -> LaneCompression:
    return lane_compression(data_type, settings_of(variant, Settings(), "run"))


def test_the_zstd_variant_is_the_guides_matrix_and_its_default_level_for_alerts():
    levels = {lane: compression("zstd", lane).level for lane in LANE_PLANS}
    assert levels == {"critical_alerts": 3, "iot_sensors": 1, "nasa_firms": 3, "weather_bulk": 6}


@pytest.mark.parametrize("lane", list(LANE_PLANS))
def test_the_other_variants_are_the_same_in_every_lane(lane):
    assert compression("none", lane) == LaneCompression("none")
    assert compression("gzip", lane) == LaneCompression("gzip", 6)


def test_every_variant_has_topics_of_its_own():
    prefixes = {settings_of(name, Settings(), "run").topic_prefix for name in VARIANTS}
    assert len(prefixes) == len(VARIANTS)


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_the_counts_carry_what_is_claimed(profile):
    work = PROFILES[profile]
    assert work.rounds >= MIN_FOR_INTERVAL
    assert work.alerts * work.alert_turns >= 2_000
    assert work.alerts * work.alert_turns / 100 >= BEYOND_PERCENTILE
