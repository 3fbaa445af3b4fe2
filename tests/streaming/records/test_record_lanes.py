from __future__ import annotations

import logging

import pytest

from wildfire_bench.errors import InputError, SettingsError
from wildfire_bench.settings import CodecChoice, DataType, ProducerSettings, Settings
from wildfire_bench.streaming.records.record_lanes import (
    ALIASES,
    LANE_PLANS,
    LanePlan,
    lane_compression,
    lane_type,
)
from wildfire_bench.streaming.sending.lane_client import LaneCompression
from wildfire_bench.streaming.topics import RECORD_TOPIC_MAX_BYTES, topic_names


def settings(data_type: DataType, row: CodecChoice, **producer: object) -> Settings:
    return Settings(
        compression_matrix={data_type: row},
        kafka_producer=ProducerSettings(**producer),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("data_type", "compression"),
    [
        (DataType.CRITICAL_ALERTS, LaneCompression("none")),
        (DataType.IOT_SENSORS, LaneCompression("zstd", 1)),
        (DataType.NASA_FIRMS, LaneCompression("zstd", 3)),
        (DataType.WEATHER_BULK, LaneCompression("zstd", 6)),
    ],
)
def test_the_default_lanes_are_those_of_the_guide(
    data_type: DataType, compression: LaneCompression
) -> None:
    assert lane_compression(data_type, Settings()) == compression


@pytest.mark.parametrize("rolled_back", ["gzip", "none"])
def test_the_rollback_replaces_zstd_in_every_lane(rolled_back: str) -> None:
    producer = ProducerSettings(compression_type=rolled_back)  # type: ignore[arg-type]
    found = {lane_compression(each, Settings(kafka_producer=producer)).type for each in LANE_PLANS}
    assert found == {"none", rolled_back}


def test_a_level_that_librdkafka_lacks_is_lowered_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = CodecChoice(codec="zstd", level=19)
    with caplog.at_level(logging.WARNING):
        found = lane_compression(DataType.WEATHER_BULK, settings(DataType.WEATHER_BULK, row))
    assert found == LaneCompression("zstd", 12)
    assert "level 19 of zstd for weather_bulk" in caplog.text


def test_a_codec_that_clients_lack_is_refused_with_those_they_have() -> None:
    row = CodecChoice(codec="predictive")
    with pytest.raises(SettingsError, match="none, snappy, gzip, zstd, lz4"):
        lane_compression(DataType.NASA_FIRMS, settings(DataType.NASA_FIRMS, row))


def test_every_lane_has_a_topic_that_takes_its_largest_batch() -> None:
    assert set(topic_names(Settings()).lanes) == set(LANE_PLANS)
    assert all(plan.batch_bytes < RECORD_TOPIC_MAX_BYTES for plan in LANE_PLANS.values())


def test_alerts_never_linger() -> None:
    plan: LanePlan = LANE_PLANS[DataType.CRITICAL_ALERTS]
    assert plan.linger_ms == 0


@pytest.mark.parametrize("name", [*ALIASES, *LANE_PLANS])
def test_names_and_aliases_find_their_lane(name: str) -> None:
    assert lane_type(name) in LANE_PLANS


def test_an_unknown_data_type_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"'drone'.*critical_alerts.*iot_sensor"):
        lane_type("drone")


@pytest.mark.parametrize("name", ["satellite_imagery", DataType.SATELLITE_IMAGERY])
def test_images_are_pointed_to_their_own_method(name: str) -> None:
    with pytest.raises(InputError, match="send_satellite_image"):
        lane_type(name)
