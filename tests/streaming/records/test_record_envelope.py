from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.streaming.examples import EXAMPLES, FIELD, READING
from wildfire_bench.errors import CorruptEnvelope, InputError, RecordInvalid
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.records.record_envelope import (
    EVENT_TYPES,
    EncodedRecord,
    ReceivedRecord,
    decode_record,
    encode_record,
)

PLACE = RecordPlace("wildfire-iot-sensors", 2, 7)
SENSORS = DataType.IOT_SENSORS

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def received(encoded: EncodedRecord, data_type: DataType = SENSORS) -> ReceivedRecord:
    return decode_record(data_type, PLACE, encoded.key, encoded.value, encoded.headers)


@given(record=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values))
def test_every_json_object_comes_back_equal(record: dict[str, Any]) -> None:
    record.pop("timestamp", None)
    record.pop("valid_time", None)
    assert received(encode_record(SENSORS, record, "s")).record == record


@pytest.mark.parametrize("data_type", list(EXAMPLES))
def test_headers_are_a_cloud_event_of_the_kind(data_type: DataType) -> None:
    headers = dict(encode_record(data_type, EXAMPLES[data_type], "s").headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == EVENT_TYPES[data_type].encode()
    assert headers["content-type"] == b"application/json"


def test_source_and_time_come_back() -> None:
    found = received(encode_record(SENSORS, READING, "Büro 7/ü"))
    assert (found.source_id, found.timestamp) == ("Büro 7/ü", "2025-10-13T10:00:00Z")


def test_the_source_is_the_key_so_that_its_records_keep_their_order() -> None:
    assert encode_record(SENSORS, READING, "station-7").key == b"station-7"


def test_the_same_record_has_the_same_id_and_another_has_another() -> None:
    ids = [
        received(encode_record(SENSORS, record, "s")).event_id
        for record in (READING, dict(READING), {**READING, "station_id": "other"})
    ]
    assert ids[0] == ids[1] != ids[2]


def test_a_time_given_wins_over_the_records_own() -> None:
    when = datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    found = received(encode_record(SENSORS, READING, "s", when))
    assert found.timestamp == datetime(2020, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")


def test_a_field_is_timed_by_its_valid_time() -> None:
    encoded = encode_record(DataType.WEATHER_BULK, FIELD, "s")
    assert received(encoded, DataType.WEATHER_BULK).timestamp == "2009-11-19T10:00:00Z"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), r"readings\.a is nan, which JSON cannot hold"),
        (float("inf"), r"readings\.a is inf"),
        ({1, 2}, r"readings\.a is of type set"),
        ("\ud800", r"readings\.a holds a lone surrogate"),
        ([0, b"x"], r"readings\.a\[1\] is of type bytes"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_path(value: object, said: str) -> None:
    with pytest.raises(RecordInvalid, match=said):
        encode_record(SENSORS, {"readings": {"a": value}}, "s")


def test_a_record_that_holds_itself_is_refused() -> None:
    record: dict[str, Any] = {}
    record["self"] = record
    with pytest.raises(RecordInvalid, match="nested deeper than 32 levels"):
        encode_record(SENSORS, record, "s")


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(RecordInvalid, match="timestamp is 'noon', which is no time"):
        encode_record(SENSORS, READING, "s", "noon")


@pytest.mark.parametrize("source_id", ["", "x" * 257])
def test_a_source_needs_a_name_of_reasonable_length(source_id: str) -> None:
    with pytest.raises(InputError, match="source_id has"):
        encode_record(SENSORS, READING, source_id)


def test_a_foreign_record_without_headers_is_read_with_its_key_as_source() -> None:
    found = decode_record(SENSORS, PLACE, b"k", b'{"a": 1}', None)
    assert (found.record, found.source_id, found.event_id) == ({"a": 1}, "k", None)


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[1]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff", b'{"a": 1}x']
)
def test_what_is_not_one_strict_json_object_is_an_error(value: bytes | None) -> None:
    with pytest.raises(CorruptEnvelope):
        decode_record(SENSORS, PLACE, b"k", value, [])


def test_a_header_that_is_not_utf8_is_an_error() -> None:
    with pytest.raises(CorruptEnvelope, match="ce_time"):
        decode_record(SENSORS, PLACE, b"k", b"{}", [("ce_time", b"\xff")])


@given(
    key=st.none() | st.binary(max_size=20),
    value=st.none() | st.binary(max_size=40) | st.just(b'{"a": 1}'),
    headers=st.lists(
        st.tuples(st.sampled_from(["ce_id", "ce_time", "ce_source", "x"]), st.none() | st.binary())
    ),
)
def test_whatever_lies_in_kafka_is_read_or_is_an_error_of_ours(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    with contextlib.suppress(CorruptEnvelope):
        assert decode_record(SENSORS, PLACE, key, value, headers).record is not None
