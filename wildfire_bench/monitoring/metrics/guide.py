"""The six metrics of the guide's section 7, under its names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from wildfire_bench.monitoring.families import add_up, counter, gauge, histogram
from wildfire_bench.monitoring.registration import reads
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.receiving_tally import ReassemblySnapshot
from wildfire_bench.streaming.observation.sending_tally import SendingSnapshot, SentImages

IMAGES = DataType.SATELLITE_IMAGERY.value


@reads(SendingSnapshot)
def sent_images(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """What the producer did."""
    sent = [row for each in found for row in each.images]
    yield _count(
        "binary_images_sent",
        "Images sent in binary form, by any route, and acknowledged.",
        [row for row in sent if row.route is not Route.JSON],
    )
    yield _count(
        "chunked_images",
        "Images sent in chunks, and acknowledged.",
        [row for row in sent if row.route is Route.CHUNKED],
    )
    yield _count(
        "s3_uploads",
        "Images uploaded to S3 and sent by reference, and acknowledged.",
        [row for row in sent if row.route is Route.REFERENCE],
    )
    yield histogram(
        "image_serialization_duration_seconds",
        "Time to encode an image, summed over threads.",
        (),
        [((), each.image_seconds["encode"]) for each in found],
    )


@reads(SendingSnapshot)
def compression_ratio(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """Of images; what librdkafka makes of small records is in the bytes of their lanes."""
    sent = [row for each in found for row in each.images]
    raw = add_up(((IMAGES, row.topic), row.raw_bytes) for row in sent)
    encoded = add_up(((IMAGES, row.topic), row.encoded_bytes) for row in sent)
    for each in found:
        lanes = {lane.lane: lane.transmitted_bytes for lane in each.lanes}
        for row in each.records:
            transmitted = lanes.get(row.data_type.value)
            if transmitted:
                labels = (row.data_type.value, row.topic)
                raw = {**raw, labels: raw.get(labels, 0.0) + row.value_bytes}
                encoded = {**encoded, labels: encoded.get(labels, 0.0) + transmitted}
    yield gauge(
        "compression_ratio_by_type",
        "Bytes before compression per byte after it, since the start: of images encoded by us, of "
        "small records on the wire.",
        ("data_type", "topic"),
        {labels: size / encoded[labels] for labels, size in raw.items() if encoded.get(labels)},
    )


@reads(ReassemblySnapshot)
def reassembly_success(found: Sequence[ReassemblySnapshot]) -> Iterator[Metric]:
    """Of the images whose reassembly has ended."""
    completed = sum(each.completed for each in found)
    ended = completed + sum(sum(each.failed.values()) for each in found)
    rate = completed / ended if ended else math.nan
    yield gauge(
        "chunk_reassembly_success_rate",
        "Share of chunked images that were put together, since the start; NaN before the first.",
        (),
        {(): rate} if found else {},
    )


def _count(name: str, text: str, rows: Sequence[SentImages]) -> Metric:
    return counter(name, text, (), {(): float(sum(row.images for row in rows))})
