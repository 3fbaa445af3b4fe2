"""Whether an image waits for chunks that do not come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from wildfire_bench.doctor.ages import age, counted
from wildfire_bench.doctor.check import Finding, check, ok, warn
from wildfire_bench.doctor.consumer_groups import GroupState, PartitionPosition, read_groups
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.streaming.receiving.record_reader import StoredRecord, read_partition
from wildfire_bench.streaming.topics import topic_names
from wildfire_bench.streaming.wire import read_envelope

__all__ = ["MAX_RECORDS_READ"]

MAX_RECORDS_READ: Final = 200
"""Chunks that are read for one image, to say which are missing."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    image_id: str
    age_s: float
    present: int
    count: int


@check(
    "reassembly.stuck",
    "whether an image waits for chunks (guide, section 8)",
    needs=("brokers.reachable",),
    timeout_s=30.0,
)
def stuck(surroundings: Surroundings) -> Finding:
    """Look at what each group's safe offset waits for: the oldest incomplete image."""
    found = [
        (group, position, waiting)
        for group, position in _held(surroundings)
        if (waiting := _waiting(surroundings, position)) is not None
    ]
    if not found:
        return ok("no group waits for chunks")
    limit_s = surroundings.settings.kafka_consumer.reassembly_timeout_s
    oldest_s = max(waiting.age_s for _, _, waiting in found)
    details = [_told(*each) for each in found]
    if oldest_s <= limit_s:
        text = f"{counted(len(found), 'image')} incomplete, the oldest for {age(oldest_s)}"
        return ok(f"{text} of {age(limit_s)}", *details)
    absent = next((group for group, _, _ in found if not group.members), None)
    remedy = (
        "send the image again, and look why its producer stopped"
        if absent is None
        else f"wildfire-bench receive --out incoming --group {absent.group_id}, or your consumer; "
        "then send the image again"
    )
    return warn(
        f"{counted(len(found), 'image')} incomplete, the oldest for {age(oldest_s)}: past "
        f"reassembly_timeout_s of {age(limit_s)}",
        remedy,
        *details,
    )


def _held(surroundings: Surroundings) -> Iterator[tuple[GroupState, PartitionPosition]]:
    """Partitions of chunks that a group has read further than its safe offset."""
    chunks = topic_names(surroundings.settings).chunks
    for group in read_groups(surroundings.kafka):
        for position in group.positions:
            if position.topic == chunks and position.note.position > position.committed:
                yield group, position


def _waiting(surroundings: Surroundings, position: PartitionPosition) -> _Waiting | None:
    """Read the image at the safe offset; None when all of it is there: then it is in work."""
    records = read_partition(
        surroundings.settings, position.topic, position.partition, position.committed
    )
    first: StoredRecord | None = None
    present: set[int] = set()
    image_id, count = "", 0
    for record in islice(records, MAX_RECORDS_READ):
        try:
            envelope = read_envelope(record.headers, record.key)
        except WildfireBenchError:
            continue  # a stranger's, or corrupt: the consumer sends it to the dead letters
        if envelope.block is None:
            continue
        if first is None:
            first, image_id, count = record, envelope.identity.image_id, envelope.block.count
        if envelope.identity.image_id == image_id:
            present.add(envelope.block.index)
    records.close()
    if first is None or len(present) == count:
        return None
    age_s = max(surroundings.clock() - first.timestamp_ms / 1000, 0.0)
    return _Waiting(image_id, age_s, len(present), count)


def _told(group: GroupState, position: PartitionPosition, waiting: _Waiting) -> str:
    return (
        f"{group.group_id}: {position} offset {position.committed:,}, image {waiting.image_id}, "
        f"{waiting.present} of {waiting.count} chunks there, for {age(waiting.age_s)}"
    )
