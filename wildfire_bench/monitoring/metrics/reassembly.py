"""Images that are being put together, and what could not be handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from wildfire_bench.monitoring.families import add_up, counter, gauge
from wildfire_bench.monitoring.metrics.reasons import LETTER_ERRORS, REASSEMBLY_ERRORS
from wildfire_bench.monitoring.registration import reads
from wildfire_bench.streaming.observation.receiving_tally import (
    DeadLetterSnapshot,
    ReassemblySnapshot,
)

_GROUP = ("group",)


@reads(ReassemblySnapshot)
def reassembly(found: Sequence[ReassemblySnapshot]) -> Iterator[Metric]:
    """Now, and since the start."""
    for name, text, field in (
        ("images", "Images in reassembly.", "in_flight"),
        ("held_bytes", "Memory that images take, completed ones that wait included.", "held_bytes"),
        ("spilled_bytes", "Spill files that images take.", "spilled_bytes"),
    ):
        values = add_up(((each.group_id,), getattr(each, field)) for each in found)
        yield gauge(f"wildfire_reassembly_{name}", text, _GROUP, values)
    ages = sorted(((each.group_id,), each.oldest_age_s) for each in found)
    yield gauge(
        "wildfire_reassembly_oldest_age_seconds",
        "Age of the oldest image in reassembly, by its partition.",
        _GROUP,
        dict(ages),  # of several with the same labels the last, which is the oldest
    )
    yield counter(
        "wildfire_reassembly_completed",
        "Images put together from chunks.",
        _GROUP,
        add_up(((each.group_id,), each.completed) for each in found),
    )
    yield counter(
        "wildfire_reassembly_failures",
        "Images given up in reassembly, by error.",
        ("group", "error"),
        add_up(
            (
                ((each.group_id, error), number)
                for each in found
                for error, number in each.failed.items()
            ),
            [(each.group_id, error) for each in found for error in REASSEMBLY_ERRORS],
        ),
    )


@reads(DeadLetterSnapshot)
def dead_letters(found: Sequence[DeadLetterSnapshot]) -> Iterator[Metric]:
    """Of images and of small records."""
    yield counter(
        "wildfire_dead_letters",
        "Dead letters written and acknowledged, by error.",
        ("group", "error"),
        add_up(
            (
                ((each.group_id, error), number)
                for each in found
                for error, number in each.written.items()
            ),
            [(each.group_id, error) for each in found for error in LETTER_ERRORS],
        ),
    )
    yield gauge(
        "wildfire_dead_letters_unwritten",
        "Dead letters that no broker has acknowledged yet.",
        _GROUP,
        add_up(((each.group_id,), each.unwritten) for each in found),
    )
