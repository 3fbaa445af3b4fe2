from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from tests.streaming.examples import READING
from wildfire_bench.errors import InputError
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.records.record_batch import RecordBatch
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord


def received(offset: int, record: dict[str, object]) -> ReceivedRecord:
    place = RecordPlace("wildfire-iot-sensors", 1, offset)
    return ReceivedRecord(DataType.IOT_SENSORS, record, "s", None, None, place)


BATCH = RecordBatch((received(7, READING), received(8, {"station_id": "other"})))


def test_a_batch_is_a_sequence_of_records_in_their_order() -> None:
    assert [each.place.offset for each in BATCH] == [7, 8]
    assert len(BATCH) == 2


def test_dicts_are_the_records_alone() -> None:
    assert BATCH.dicts() == [READING, {"station_id": "other"}]


def test_a_frame_has_a_row_for_each_record_known_by_its_place() -> None:
    frame = BATCH.frame()
    place = ("wildfire-iot-sensors", 1, 7)
    assert frame.loc[place, "readings.temperature_c"] == 31.5
    assert list(frame.index) == [place, ("wildfire-iot-sensors", 1, 8)]


def test_what_a_record_lacks_is_missing_in_its_row() -> None:
    assert pd.isna(BATCH.frame()["readings.temperature_c"].iloc[1])


def test_a_records_own_source_id_is_not_overwritten() -> None:
    frame = RecordBatch((received(1, {"source_id": "mine"}),)).frame()
    assert list(frame["source_id"]) == ["mine"]


def test_a_batch_of_no_consumer_can_be_acknowledged_without_effect() -> None:
    with pytest.raises(StopIteration):
        BATCH.ack().send(None)


async def test_refusing_without_naming_records_refuses_them_all() -> None:
    told: list[tuple[Sequence[ReceivedRecord], str | None]] = []

    async def settle(records: Sequence[ReceivedRecord], reason: str | None) -> None:
        told.append((records, reason))

    await RecordBatch(BATCH.received, settle).nack("no")
    assert told == [(BATCH.received, "no")]


async def test_a_refusal_without_words_is_an_error() -> None:
    with pytest.raises(InputError, match="say in words"):
        await BATCH.nack(None)  # type: ignore[arg-type]
