"""What goes to S3 and comes from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from wildfire_bench.monitoring.families import add_up, counter, histogram
from wildfire_bench.monitoring.metrics.reasons import STORE_ERRORS
from wildfire_bench.monitoring.registration import reads
from wildfire_bench.streaming.observation.store_tally import OPERATIONS, ObjectStoreSnapshot


@reads(ObjectStoreSnapshot)
def transfers(found: Sequence[ObjectStoreSnapshot]) -> Iterator[Metric]:
    """Whole objects."""
    zeros = [(operation,) for operation in OPERATIONS] if found else []
    for name, text, field in (
        ("wildfire_s3_objects", "Objects uploaded or downloaded whole.", "objects"),
        ("wildfire_s3_bytes", "Bytes of these objects.", "object_bytes"),
    ):
        numbers = [
            ((operation,), number)
            for each in found
            for operation, number in getattr(each, field).items()
        ]
        yield counter(name, text, ("operation",), add_up(numbers, zeros))
    yield histogram(
        "wildfire_s3_transfer_seconds",
        "Time that a whole object took, encoding or decoding included.",
        ("operation",),
        [((operation,), counts) for each in found for operation, counts in each.seconds.items()],
    )


@reads(ObjectStoreSnapshot)
def trouble(found: Sequence[ObjectStoreSnapshot]) -> Iterator[Metric]:
    """What failed, what had to be repeated, what stays behind."""
    failures = [
        ((*key.split(" ", 1),), number) for each in found for key, number in each.failures.items()
    ]
    zeros = [(operation, error) for operation in OPERATIONS for error in STORE_ERRORS]
    yield counter(
        "wildfire_s3_failures",
        "Uploads and downloads that failed, by error.",
        ("operation", "error"),
        add_up(failures, zeros if found else []),
    )
    yield counter(
        "wildfire_s3_repeated_requests",
        "Requests sent again after a broken connection or an answer of 500 and above.",
        (),
        {(): float(sum(each.repeated_requests for each in found))},
    )
    yield counter(
        "wildfire_s3_orphaned_uploads",
        "Uploads that could not be removed after a failure: their parts cost space.",
        (),
        {(): float(sum(each.orphaned_uploads for each in found))},
    )
