"""What a reader of a run must know: views of one thing that disagree, a machine that was busy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.machine_load import busy_during_note, busy_note
from wildfire_bench.bench.measurements import Block, WireCount
from wildfire_bench.bench.workloads.drivers import Driver

__all__ = ["STORAGE_TOLERANCE", "WIRE_TOLERANCE", "notes_of"]

STORAGE_TOLERANCE: Final = 0.001
"""Share by which log directories and files may differ before it is noted."""
WIRE_TOLERANCE: Final = 0.005
"""Share by which librdkafka's count and the proxy's may differ before it is noted: requests that
carry no image, such as metadata and group membership, fall into one count or the other."""


def notes_of(
    environment: Environment,
    blocks: Sequence[Block],
    wire: Sequence[WireCount],
    drivers: Mapping[str, Driver],
) -> tuple[str, ...]:
    """Find all that a run's own numbers give reason to note."""
    shares = [b.others_cpu_share for b in blocks if b.others_cpu_share is not None]
    notes = (
        busy_note(environment.load_before, environment.cores),
        busy_during_note(shares),
        _storage_note(blocks),
        *(_wire_note(count, drivers[count.variant].label) for count in wire),
    )
    return tuple(note for note in notes if note is not None)


def _storage_note(blocks: Sequence[Block]) -> str | None:
    """Log directories and segment files are two views of one thing; say if they are not."""
    off = [
        block
        for block in blocks
        if block.stored_file_bytes is not None
        and block.stored_bytes is not None
        and abs(block.stored_file_bytes - block.stored_bytes)
        > STORAGE_TOLERANCE * block.stored_bytes
    ]
    if not off:
        return None
    return (
        f"In {len(off)} of {len(blocks)} blocks the brokers' word on their disk and the size of "
        f"their files differ by more than {STORAGE_TOLERANCE:.1%}."
    )


def _wire_note(count: WireCount, label: str) -> str | None:
    off = abs(count.sent_bytes - count.client_bytes)
    # An image that goes by the object store leaves too little for a share to mean anything.
    if off <= WIRE_TOLERANCE * max(count.client_bytes, count.size_bytes):
        return None
    return (
        f"{label}: librdkafka counts {count.client_bytes:,} bytes towards the brokers, a proxy on "
        f"the way {count.sent_bytes:,}; they differ by more than {WIRE_TOLERANCE:.1%}."
    )
