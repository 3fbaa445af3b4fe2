"""docs/records.md says of the lanes what the code does."""

from __future__ import annotations

import pytest

from tests.repository.documents import table
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.records.record_envelope import EVENT_TYPES
from wildfire_bench.streaming.records.record_lanes import ALIASES, LANE_PLANS, lane_compression
from wildfire_bench.streaming.records.record_schema import schema_of
from wildfire_bench.streaming.topics import topic_names

LANES = {row[0].strip("`"): row for row in table("docs/records.md", "Small records")}
SCHEMAS = {row[0].strip("`"): row for row in table("docs/records.md", "Schemas")}


@pytest.mark.parametrize("data_type", list(LANE_PLANS))
def test_the_table_of_lanes_is_what_is_in_force(data_type: DataType) -> None:
    plan, compression = LANE_PLANS[data_type], lane_compression(data_type, Settings())
    level = "" if compression.level is None else f" {compression.level}"
    aliases, *rest = LANES[data_type][1:]
    assert set(aliases.split(", ")) == {
        f"`{each}`" for each in ALIASES if ALIASES[each] == data_type
    }
    assert rest == [
        f"`{topic_names(Settings()).lanes[data_type]}`",
        f"{compression.type}{level}",
        f"{plan.linger_ms:g}",
        f"{plan.batch_bytes:,}",
        f"{plan.window_bytes:,}",
    ]


@pytest.mark.parametrize(
    "data_type", [DataType.CRITICAL_ALERTS, DataType.IOT_SENSORS, DataType.WEATHER_BULK]
)
def test_the_table_of_schemas_names_every_field(data_type: DataType) -> None:
    said = " ".join(SCHEMAS[data_type])
    assert [name for name in schema_of(data_type)["properties"] if f"`{name}`" not in said] == []


def test_every_event_type_is_named() -> None:
    headers = {row[0]: row[1] for row in table("docs/records.md", "What lies in Kafka")}
    assert headers["`ce_type`"] == ", ".join(f"`{each}`" for each in EVENT_TYPES.values())
