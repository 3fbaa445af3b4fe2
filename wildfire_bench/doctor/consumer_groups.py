"""Where consumer groups stand on our topics: what they have committed, and what lies beyond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import ListOffsetsResultInfo, OffsetSpec

from wildfire_bench.doctor.kafka_view import ADMIN_TIMEOUT_S, KafkaView
from wildfire_bench.streaming.receiving.ledger import CommitNote

__all__ = ["MAX_GROUPS", "GroupState", "PartitionPosition", "read_groups"]

MAX_GROUPS: Final = 200
"""Groups that are looked at, in alphabetical order."""


@dataclass(frozen=True, slots=True)
class PartitionPosition:
    """Where a group stands in one partition."""

    topic: str
    partition: int
    committed: int
    """The safe offset: the smallest that is still needed."""
    first: int
    """Smallest offset that is kept."""
    end: int
    """Offset of the next record that will be written."""
    note: CommitNote
    """What our consumers say beside the offset; empty for others'."""

    @property
    def lag(self) -> int:
        """Records that are kept and not safely past."""
        return max(self.end - max(self.committed, self.first), 0)

    @property
    def lost(self) -> int:
        """Records that were removed before the group was past them."""
        return max(self.first - self.committed, 0)

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class GroupState:
    """A consumer group that has committed on one of our topics."""

    group_id: str
    members: int
    positions: tuple[PartitionPosition, ...]

    @property
    def lag(self) -> int:
        """Of all its partitions."""
        return sum(each.lag for each in self.positions)


def read_groups(kafka: KafkaView) -> tuple[GroupState, ...]:
    """Read every group that has committed offsets on our topics.

    Parameters
    ----------
    kafka
        The brokers, and which topics are ours.

    Returns
    -------
    tuple of GroupState
        By name; of at most `MAX_GROUPS` groups of the cluster.
    """
    listed = kafka.admin.list_consumer_groups(request_timeout=ADMIN_TIMEOUT_S).result()
    names = sorted(each.group_id for each in listed.valid)[:MAX_GROUPS]
    committed = {name: _committed(kafka, name) for name in names}
    committed = {name: found for name, found in committed.items() if found}
    places = {(each.topic, each.partition) for found in committed.values() for each in found}
    first = kafka.offsets(places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    end = kafka.offsets(places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    members = _members(kafka, list(committed))
    return tuple(
        GroupState(name, members[name], tuple(_position(each, first, end) for each in found))
        for name, found in committed.items()
    )


def _committed(kafka: KafkaView, group_id: str) -> list[TopicPartition]:
    """Offsets of a group on our topics; those of one that may not be seen count as none."""
    asked = [ConsumerGroupTopicPartitions(group_id)]
    futures: Mapping[str, Future[Any]] = kafka.admin.list_consumer_group_offsets(
        asked, request_timeout=ADMIN_TIMEOUT_S
    )
    try:
        found: Sequence[TopicPartition] = futures[group_id].result().topic_partitions or ()
    except KafkaException:
        return []
    return [each for each in found if each.topic in kafka.topics and each.offset >= 0]


def _members(kafka: KafkaView, names: list[str]) -> Mapping[str, int]:
    if not names:
        return {}
    futures: Mapping[str, Future[Any]] = kafka.admin.describe_consumer_groups(
        names, request_timeout=ADMIN_TIMEOUT_S
    )
    return {name: len(found.result().members) for name, found in futures.items()}


def _position(
    at: TopicPartition,
    first: Mapping[tuple[str, int], ListOffsetsResultInfo],
    end: Mapping[tuple[str, int], ListOffsetsResultInfo],
) -> PartitionPosition:
    place = (at.topic, at.partition)
    note = CommitNote.decode(at.metadata)
    return PartitionPosition(
        at.topic, at.partition, at.offset, first[place].offset, end[place].offset, note
    )
