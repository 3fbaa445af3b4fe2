from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.streaming.examples import READING
from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.records.record_intake import BatchLimits, RecordIntake

TOPIC = "wildfire-iot-sensors"


@dataclass
class FakeMessage:
    """What the intake asks of a Kafka message."""

    number: int
    body: bytes
    on: int = 0

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return self.on

    def offset(self) -> int:
        return self.number

    def key(self) -> bytes:
        return b"s"

    def value(self) -> bytes:
        return self.body

    def headers(self) -> None:
        return None


def good(number: int, partition: int = 0) -> FakeMessage:
    return FakeMessage(number, json.dumps(READING).encode(), partition)


@pytest.fixture
def refused() -> list[RecordPlace]:
    return []


@pytest.fixture
def intake(refused: list[RecordPlace]) -> RecordIntake:
    def refuse(_: PartitionState, place: RecordPlace, error: WildfireBenchError) -> None:
        refused.append(place)

    limits = BatchLimits(records=3, value_bytes=10_000, outstanding=1)
    return RecordIntake({TOPIC: DataType.IOT_SENSORS}, limits, refuse, check_schema=True)


def partition(number: int = 0) -> PartitionState:
    return PartitionState(TOPIC, number, 0, CommitNote())


def test_a_batch_is_filled_by_its_number_of_records(intake: RecordIntake) -> None:
    state = partition()
    filled = []
    for number in range(3):
        intake.take(state, good(number))
        filled.append(intake.filled)
    assert filled == [False, False, True]


def test_a_batch_is_filled_by_its_bytes(intake: RecordIntake) -> None:
    large = {**READING, "readings": {f"r{n}": n for n in range(2_000)}}
    intake.take(partition(), FakeMessage(0, json.dumps(large).encode()))
    assert intake.filled


def test_the_safe_offset_stays_at_the_first_record_of_a_batch(intake: RecordIntake) -> None:
    state = partition()
    for number in (4, 5):
        intake.take(state, good(number))
    assert state.ledger.safe_offset == 4


def test_a_settled_batch_frees_the_offsets_behind_it(intake: RecordIntake) -> None:
    state = partition()
    intake.take(state, good(4))
    state.ledger.release(intake.give())
    assert state.ledger.safe_offset == 5


@pytest.mark.parametrize("body", [b"{", b'{"station_id": 7}'])
def test_a_bad_record_is_refused_and_not_part_of_the_batch(
    intake: RecordIntake, refused: list[RecordPlace], body: bytes
) -> None:
    intake.take(partition(), FakeMessage(3, body))
    assert refused == [RecordPlace(TOPIC, 0, 3)]
    assert not intake.holds_records


def test_records_of_a_lost_partition_leave_the_batch(intake: RecordIntake) -> None:
    lost, kept = partition(0), partition(1)
    intake.take(lost, good(1))
    intake.take(kept, good(2, partition=1))
    intake.drop(lost)
    assert [each.place.partition for each in intake.give().received] == [1]


def test_a_batch_says_which_of_its_partitions_went_away(intake: RecordIntake) -> None:
    state = partition()
    intake.take(state, good(1))
    state.lost = True
    assert f"{TOPIC}/0" in str(intake.give().lost_error())
