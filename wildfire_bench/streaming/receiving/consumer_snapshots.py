"""What a consumer of images tells of itself: its thread's state as figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wildfire_bench.streaming.observation.receiving_tally import (
    ReassemblySnapshot,
    ReceivingSnapshot,
)
from wildfire_bench.streaming.observation.snapshots import Snapshot

if TYPE_CHECKING:
    from wildfire_bench.streaming.receiving.consumer_thread import ConsumerThread

__all__ = ["snapshots_of"]


def snapshots_of(thread: ConsumerThread) -> tuple[Snapshot, ...]:
    """Figures of now; from any thread, nothing waits for it."""
    intake, group_id = thread.intake, thread.group_id
    tally, reassembly = intake.tally, intake.reassembly
    receiving = ReceivingSnapshot(
        group_id=group_id,
        joined=thread.joined,
        images=tally.images(),
        redelivered=tally.redelivered,
        duplicates=intake.duplicates,
        records=tally.records,
        record_bytes=tally.record_bytes,
        seconds=tally.seconds(),
        latency=tally.latency(),
        waiting_images=thread.waiting_images,
        in_hand_images=thread.in_hand_images,
    )
    in_flight, oldest_age_s = reassembly.extent(thread.partition_clock())
    together = ReassemblySnapshot(
        group_id=group_id,
        in_flight=in_flight,
        held_bytes=reassembly.budget.memory_bytes,
        spilled_bytes=reassembly.budget.spilled_bytes,
        oldest_age_s=oldest_age_s,
        completed=tally.reassembled,
        failed=dict(tally.reassembly_failures),
    )
    return (receiving, together, thread.partition_figures(), thread.letter_figures())
