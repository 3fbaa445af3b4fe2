from __future__ import annotations

import base64

import numpy as np
import pytest

from wildfire_bench.errors import SampleUnavailable
from wildfire_bench.samples import records
from wildfire_bench.samples.fields import weather_fields
from wildfire_bench.samples.records import PROVENANCE, fire_alerts, sample_records
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS
from wildfire_bench.streaming.records.record_schema import check_record


@pytest.mark.parametrize(
    ("data_type", "count"),
    [
        ("critical_alerts", 1_027),
        ("iot_sensors", 26_115),
        ("nasa_firms", 6_016),
        ("weather_bulk", 40),
    ],
)
def test_every_sample_record_meets_its_schema(data_type: str, count: int) -> None:
    found = sample_records(DataType(data_type))
    for record in found:
        check_record(DataType(data_type), record)
    assert len(found) == count


def test_every_lane_says_where_its_records_come_from() -> None:
    assert set(PROVENANCE) == set(LANE_PLANS)


def test_readings_are_in_si_units_with_gaps_as_null() -> None:
    first = next(
        each for each in sample_records(DataType.IOT_SENSORS) if each["station_id"] == "KEWR"
    )
    assert first["readings"]["temperature_c"] == pytest.approx((39.02 - 32) * 5 / 9, abs=0.005)
    assert first["readings"]["wind_gust_m_s"] is None


def test_readings_come_in_order_of_time() -> None:
    times = [each["timestamp"] for each in sample_records(DataType.IOT_SENSORS)]
    assert times == sorted(times)


def test_alerts_are_the_detections_from_a_radiative_power_on() -> None:
    assert min(each["fire_radiative_power_mw"] for each in fire_alerts(200.0)) >= 200


def test_a_field_as_numbers_holds_the_same_floats_as_its_bytes() -> None:
    field = weather_fields()[0]
    numbers = np.array(field.record()["values"], "f4")
    decoded = np.frombuffer(base64.b64decode(field.record("base64")["values_base64"]), "<f4")
    assert np.array_equal(numbers, field.values.ravel())
    assert np.array_equal(decoded, numbers)


def test_fields_have_sensible_values() -> None:
    surface = next(each for each in weather_fields() if each.variable == "surface_temperature")
    present = surface.values[surface.values != surface.missing]
    assert present.min() > 180
    assert present.max() < 340


def test_a_missing_data_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(records, "_FIRMS", tmp_path / "none.csv")
    records.firms_detections.cache_clear()
    with pytest.raises(SampleUnavailable, match=r"none\.csv is part of the repository"):
        records.firms_detections()
