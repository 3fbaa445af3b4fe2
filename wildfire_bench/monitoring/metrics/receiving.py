"""What consumers receive: images, small records, how their partitions stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from wildfire_bench.monitoring.families import add_up, counter, gauge, histogram
from wildfire_bench.monitoring.registration import reads
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.receiving_tally import (
    PartitionsSnapshot,
    ReceivingSnapshot,
    RecordReceivingSnapshot,
)


@reads(ReceivingSnapshot)
def images(found: Sequence[ReceivingSnapshot]) -> Iterator[Metric]:
    """Verified and handed over."""
    rows = [(each.group_id, row) for each in found for row in each.images]
    zeros = [(each.group_id, route.value) for each in found for route in Route]
    yield counter(
        "wildfire_images_received",
        "Images verified and handed over.",
        ("group", "route"),
        add_up((((group, row.route.value), row.images) for group, row in rows), zeros),
    )
    yield counter(
        "wildfire_images_received_raw_bytes",
        "Bytes of images handed over.",
        ("group", "route", "codec"),
        add_up(((group, row.route.value, row.codec), row.raw_bytes) for group, row in rows),
    )
    yield counter(
        "wildfire_images_redelivered",
        "Images handed over that may have been before.",
        ("group",),
        add_up(((each.group_id,), each.redelivered) for each in found),
    )
    yield gauge(
        "wildfire_images_waiting",
        "Completed images that wait for the caller.",
        ("group",),
        add_up(((each.group_id,), each.waiting_images) for each in found),
    )
    yield gauge(
        "wildfire_images_in_hand",
        "Images with the caller, not acknowledged.",
        ("group",),
        add_up(((each.group_id,), each.in_hand_images) for each in found),
    )


@reads(ReceivingSnapshot)
def durations(found: Sequence[ReceivingSnapshot]) -> Iterator[Metric]:
    """How long images take."""
    yield histogram(
        "wildfire_image_receive_seconds",
        "Time that receiving an image took, by stage; decode is summed over threads.",
        ("stage",),
        [((stage,), counts) for each in found for stage, counts in each.seconds.items()],
    )
    yield histogram(
        "wildfire_image_latency_seconds",
        "From the time stamp of an image's first record to its hand-over; two machines' clocks.",
        ("group",),
        [((each.group_id,), each.latency) for each in found],
    )


@reads(ReceivingSnapshot)
def fetched(found: Sequence[ReceivingSnapshot]) -> Iterator[Metric]:
    """Records of images, whatever became of them."""
    yield counter(
        "wildfire_image_records_read",
        "Records read from the image topics.",
        ("group",),
        add_up(((each.group_id,), each.records) for each in found),
    )
    yield counter(
        "wildfire_image_records_read_bytes",
        "Values of records read from the image topics.",
        ("group",),
        add_up(((each.group_id,), each.record_bytes) for each in found),
    )
    yield counter(
        "wildfire_image_records_duplicate",
        "Records of images that were here already.",
        ("group",),
        add_up(((each.group_id,), each.duplicates) for each in found),
    )


@reads(RecordReceivingSnapshot)
def records(found: Sequence[RecordReceivingSnapshot]) -> Iterator[Metric]:
    """Small records, by lane."""
    rows = [((each.group_id, row.data_type.value), row) for each in found for row in each.records]
    yield counter(
        "wildfire_records_received",
        "Small records verified.",
        ("group", "data_type"),
        add_up((labels, row.records) for labels, row in rows),
    )
    yield counter(
        "wildfire_records_received_value_bytes",
        "JSON of small records verified, after decompression.",
        ("group", "data_type"),
        add_up((labels, row.value_bytes) for labels, row in rows),
    )
    yield gauge(
        "wildfire_record_batches_outstanding",
        "Batches of small records handed over, not acknowledged.",
        ("group",),
        add_up(((each.group_id,), each.outstanding_batches) for each in found),
    )


@reads(PartitionsSnapshot)
def partitions(found: Sequence[PartitionsSnapshot]) -> Iterator[Metric]:
    """How far the safe offset is behind."""
    labels = ("group", "topic", "partition")
    rows = [
        ((each.group_id, row.topic, str(row.partition)), row)
        for each in found
        for row in each.partitions
    ]
    yield gauge(
        "wildfire_partition_lag_records",
        "Records from the safe offset, which is what may be committed, to the end.",
        labels,
        add_up((way, row.lag_records) for way, row in rows if row.lag_records is not None),
    )
    yield gauge(
        "wildfire_partition_unsafe_records",
        "Records read past the safe offset: they come again after a crash.",
        labels,
        add_up((way, row.unsafe_records) for way, row in rows),
    )
