from __future__ import annotations

from copy import deepcopy
from typing import Any

import fastjsonschema
import pytest

from tests.streaming.examples import ALERT, EXAMPLES, FIELD, READING
from wildfire_bench.errors import RecordInvalid
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS
from wildfire_bench.streaming.records.record_schema import check_record, schema_of


@pytest.mark.parametrize("data_type", list(LANE_PLANS))
def test_every_lane_has_a_schema_that_its_example_meets(data_type: DataType) -> None:
    assert check_record(data_type, EXAMPLES[data_type]) is None


@pytest.mark.parametrize("data_type", list(LANE_PLANS))
def test_every_schema_says_what_it_is_for_and_lets_no_unknown_field_pass(
    data_type: DataType,
) -> None:
    schema = schema_of(data_type)
    assert schema["description"]
    assert schema["additionalProperties"] is False


def changed(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    copy = deepcopy(record)
    *parents, name = path.split(".")
    place = copy
    for parent in parents:
        place = place[parent]
    place[name] = value
    return copy


@pytest.mark.parametrize(
    ("data_type", "path", "value", "said"),
    [
        ("iot_sensors", "readings.temperature_c", "warm", "readings.temperature_c must be number"),
        ("iot_sensors", "readings.temperature_c", True, "readings.temperature_c must be number"),
        ("iot_sensors", "readings", {}, "field readings must contain at least 1 properties"),
        ("iot_sensors", "timestamp", "noon", "field timestamp must be date-time, and is 'noon'"),
        ("iot_sensors", "statoin", "x", "field statoin is unknown: there are station_id"),
        ("critical_alerts", "location.lat", 91, "location.lat must be smaller than or equal to 90"),
        ("critical_alerts", "severity", "bad", "field severity must be one of"),
        ("nasa_firms", "confidence", 101, "field confidence must be one of"),
        ("nasa_firms", "acq_time", "9:15", "field acq_time must match pattern"),
        ("weather_bulk", "grid.rows", 0, "grid.rows must be bigger than or equal to 1"),
        ("weather_bulk", "values", [1.0, "x"], "must be number or null"),
    ],
)
def test_a_bad_record_is_refused_by_the_name_of_its_field(
    data_type: str, path: str, value: Any, said: str
) -> None:
    record = changed(EXAMPLES[DataType(data_type)], path, value)
    with pytest.raises(RecordInvalid, match=f"{data_type} record: .*{said}"):
        check_record(DataType(data_type), record)


def test_a_missing_field_is_named() -> None:
    record = {name: value for name, value in READING.items() if name != "station_id"}
    with pytest.raises(RecordInvalid, match="field station_id is missing"):
        check_record(DataType.IOT_SENSORS, record)


def test_a_missing_field_inside_another_is_named_by_its_path() -> None:
    with pytest.raises(RecordInvalid, match=r"field location\.lon is missing"):
        check_record(DataType.CRITICAL_ALERTS, {**ALERT, "location": {"lat": 1}})


def test_a_weather_field_has_its_values_in_one_form() -> None:
    both = {**FIELD, "values_base64": "AAAA", "dtype": "<f4"}
    with pytest.raises(RecordInvalid, match="exactly one of: values; values_base64 and dtype"):
        check_record(DataType.WEATHER_BULK, both)


def test_something_else_than_a_mapping_is_refused() -> None:
    with pytest.raises(RecordInvalid, match="of type list: hand over a mapping"):
        check_record(DataType.IOT_SENSORS, [READING])


def test_the_schemas_are_valid_under_the_draft_that_they_name() -> None:
    import jsonschema

    for data_type in LANE_PLANS:
        jsonschema.Draft7Validator.check_schema(schema_of(data_type))


def test_a_schema_that_was_handed_out_can_be_changed_without_harm() -> None:
    schema_of(DataType.IOT_SENSORS).clear()
    assert schema_of(DataType.IOT_SENSORS)["title"] == "Sensor reading"


def test_the_compiled_check_agrees_with_fastjsonschema_itself() -> None:
    check = fastjsonschema.compile(schema_of(DataType.NASA_FIRMS))
    assert check(EXAMPLES[DataType.NASA_FIRMS]) == EXAMPLES[DataType.NASA_FIRMS]
