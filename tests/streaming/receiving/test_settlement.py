"""Who is answered, and when; with real brokers in test_consumer_thread.py."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from confluent_kafka import TopicPartition

from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.receiving.settlement import Settlement


@dataclass
class Consumer:
    """Takes commits and answers none of itself."""

    commits: list[list[TopicPartition]] = field(default_factory=list)

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> None:
        self.commits.append(offsets)


@dataclass(eq=False)
class Batch:
    """Holds the first offset of its partitions until it is done."""

    partitions: tuple[PartitionState, ...]

    def __post_init__(self) -> None:
        for state in self.partitions:
            state.ledger.hold(self, 0)
            state.ledger.read(0)

    def note_done(self) -> None:
        for state in self.partitions:
            state.ledger.release(self)

    def lost_error(self) -> AcknowledgementLost:
        return AcknowledgementLost("gone")


@pytest.fixture
def partitions() -> tuple[PartitionState, PartitionState]:
    return PartitionState("t", 0, 0, CommitNote()), PartitionState("t", 1, 0, CommitNote())


@pytest.fixture
def commits() -> CommitPump:
    return CommitPump(lambda _error, _topic: pytest.fail("nothing is denied here"))


@pytest.fixture
def settlement(commits: CommitPump) -> Settlement:
    return Settlement(Settings(), "group", commits)


def test_one_answer_comes_when_all_partitions_are_committed(
    settlement: Settlement, commits: CommitPump, partitions: tuple[PartitionState, ...]
) -> None:
    answers: list[BaseException | None] = []
    settlement.settle(Batch(partitions), None, answers.append)
    consumer = Consumer()
    commits.pump(consumer)
    assert answers == []
    commits.answered(None, [])
    assert answers == [None]
    (offsets,) = consumer.commits
    assert {(each.partition, each.offset) for each in offsets} == {(0, 1), (1, 1)}


def test_the_answer_is_an_error_if_one_partition_is_lost_already(
    settlement: Settlement, commits: CommitPump, partitions: tuple[PartitionState, ...]
) -> None:
    answers: list[BaseException | None] = []
    partitions[1].lost = True
    settlement.settle(Batch(partitions), None, answers.append)
    commits.pump(Consumer())
    commits.answered(None, [])
    assert [type(each) for each in answers] == [AcknowledgementLost]


def test_whoever_still_waits_at_the_end_is_told_and_told_once(
    settlement: Settlement, partitions: tuple[PartitionState, ...]
) -> None:
    answers: list[BaseException | None] = []
    settlement.settle(Batch(partitions), None, answers.append)
    settlement.answer_all()
    settlement.answer_all()
    assert [type(each) for each in answers] == [AcknowledgementLost]
