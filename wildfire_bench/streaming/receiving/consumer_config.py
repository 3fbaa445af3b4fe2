"""librdkafka's settings for reading large records, with or without a group."""

from __future__ import annotations

from typing import Any, Final

from wildfire_bench.errors import InputError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.sending.lane_client import MAX_RECORD_BYTES

__all__ = ["FETCH_QUEUE_BYTES", "check_membership", "group_config", "reading_config"]

FETCH_QUEUE_BYTES: Final = 64 << 20
"""Prefetched records (``queued.max.messages.kbytes``)."""


def check_membership(group_id: str, acknowledge: str) -> None:
    """Refuse what no consumer can be made with.

    librdkafka ends the process for an empty group, and a way to acknowledge that nobody knows would
    acknowledge nothing.

    Raises
    ------
    InputError
        If the group has no name, or `acknowledge` is neither ``loop`` nor ``manual``.
    """
    if not group_id:
        msg = "group_id is empty: name the consumer group, whose members share the partitions"
        raise InputError(msg)
    if acknowledge not in {"loop", "manual"}:
        msg = f"acknowledge is {acknowledge!r:.80}: choose loop or manual"
        raise InputError(msg)


def reading_config(settings: Settings) -> dict[str, Any]:
    """Settings of any consumer here.

    Without a back-off of 1 ms, a queue that one message fills makes librdkafka wait a second for
    each.
    """
    return {
        **client_config(settings.kafka),
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "fetch.queue.backoff.ms": 1,
        "queued.max.messages.kbytes": FETCH_QUEUE_BYTES // 1024,
        "fetch.message.max.bytes": MAX_RECORD_BYTES,
        "fetch.max.bytes": MAX_RECORD_BYTES,
        "receive.message.max.bytes": 2 * MAX_RECORD_BYTES,
        "check.crcs": True,
    }


def group_config(settings: Settings, group_id: str) -> dict[str, Any]:
    """Settings of a consumer in a group; rebalances are cooperative (KIP-429)."""
    consumer = settings.kafka_consumer
    return {
        **reading_config(settings),
        "group.id": group_id,
        "auto.offset.reset": consumer.auto_offset_reset,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": int(consumer.session_timeout_s * 1000),
    }
