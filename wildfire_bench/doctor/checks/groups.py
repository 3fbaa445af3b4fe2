"""Whether consumer groups keep up, with images and with small records."""

from __future__ import annotations

from wildfire_bench.doctor.ages import counted
from wildfire_bench.doctor.check import Finding, check, fail, ok, warn
from wildfire_bench.doctor.consumer_groups import GroupState, read_groups
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.streaming.topics import topic_names

__all__ = ["MANY_RECORDS"]

MANY_RECORDS = 1_000
"""Records behind, in one group with members, that are worth a word."""


@check("groups.lag", "how far consumer groups are behind", needs=("brokers.reachable",))
def lag(surroundings: Surroundings) -> Finding:
    """Compare each group's safe offsets with the ends of its partitions."""
    groups = read_groups(surroundings.kafka)
    if not groups:
        return ok("no group has read yet")
    lost = [
        f"{group.group_id}: {each} lost {counted(each.lost, 'record')} (committed "
        f"{each.committed:,}, kept from {each.first:,})"
        for group in groups
        for each in group.positions
        if each.lost
    ]
    if lost:
        return fail(
            "records were removed before they were read",
            "raise retention.ms of the topic, run more consumers, and send the images again",
            *lost,
        )
    unread = [group for group in groups if group.lag and not group.members]
    slow = [group for group in groups if group.members and group.lag >= MANY_RECORDS]
    if unread or slow:
        return warn(
            _summary(unread, slow), _remedy(unread, surroundings), *map(_told, (*unread, *slow))
        )
    behind = sum(group.lag for group in groups)
    return ok(f"{counted(len(groups), 'group')}, {counted(behind, 'record')} behind")


def _summary(unread: list[GroupState], slow: list[GroupState]) -> str:
    parts = []
    if unread:
        records = counted(sum(each.lag for each in unread), "record")
        parts.append(f"{counted(len(unread), 'group')} with {records} to read and no consumer")
    if slow:
        parts.append(f"{counted(len(slow), 'group')} behind by {MANY_RECORDS:,} records or more")
    return ", ".join(parts)


def _remedy(unread: list[GroupState], surroundings: Surroundings) -> str:
    if not unread:
        return "run more consumers of the group, up to one for each partition"
    group, images = unread[0], topic_names(surroundings.settings).images
    if any(each.lag and each.topic in images for each in group.positions):
        return f"wildfire-bench receive --out incoming --group {group.group_id}, or your consumer"
    return f"start what reads small records as {group.group_id}: wildfire-bench serve, or your own"


def _told(group: GroupState) -> str:
    behind = [each for each in group.positions if each.lag]
    places = ", ".join(f"{each} ({each.committed:,} of {each.end:,})" for each in behind)
    return f"{group.group_id}: {counted(group.members, 'consumer')}, safe offsets {places}"
