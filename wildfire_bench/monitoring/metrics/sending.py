"""What a producer sends: images by route, codec and topic, small records by lane, its clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric

from wildfire_bench.monitoring.families import add_up, counter, gauge, histogram
from wildfire_bench.monitoring.metrics.reasons import SEND_ERRORS
from wildfire_bench.monitoring.registration import reads
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.sending_tally import SendingSnapshot
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS

_ROUTES = [(route.value,) for route in Route]
_WAY = ("route", "codec", "topic")


@reads(SendingSnapshot)
def images(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """How many, how large, how long."""
    rows = [row for each in found for row in each.images]
    yield counter(
        "wildfire_images_sent",
        "Images sent and acknowledged.",
        ("route",),
        add_up((((row.route.value,), row.images) for row in rows), _ROUTES),
    )
    ways = [((row.route.value, row.codec, row.topic), row) for row in rows]
    for stage, text in (
        ("raw", "Bytes of images sent, as they were given."),
        ("encoded", "Bytes of images sent, encoded."),
        ("wire", "Bytes of images sent with headers, keys, record overhead and catalogue entries."),
    ):
        sizes = add_up((way, getattr(row, f"{stage}_bytes")) for way, row in ways)
        yield counter(f"wildfire_images_sent_{stage}_bytes", text, _WAY, sizes)
    yield histogram(
        "wildfire_image_send_seconds",
        "Time that sending an image took, by stage; encode is summed over threads.",
        ("stage",),
        [((stage,), counts) for each in found for stage, counts in each.image_seconds.items()],
    )


@reads(SendingSnapshot)
def records(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """Small records, before the client compressed them."""
    rows = [((row.data_type.value,), row) for each in found for row in each.records]
    lanes = [(data_type.value,) for data_type in LANE_PLANS]
    yield counter(
        "wildfire_records_sent",
        "Small records sent and acknowledged.",
        ("data_type",),
        add_up(((labels, row.records) for labels, row in rows), lanes),
    )
    yield counter(
        "wildfire_records_sent_value_bytes",
        "JSON of small records sent and acknowledged, before compression.",
        ("data_type",),
        add_up(((labels, row.value_bytes) for labels, row in rows), lanes),
    )


@reads(SendingSnapshot)
def failures(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """Sends that raised."""
    errors = [
        ((what, error), number)
        for each in found
        for what, of in (("image", each.image_failures), ("record", each.record_failures))
        for error, number in of.items()
    ]
    zeros = [(what, error) for what in ("image", "record") for error in SEND_ERRORS]
    yield counter(
        "wildfire_send_failures",
        "Sends that raised, by what was sent and error.",
        ("what", "error"),
        add_up(errors, zeros),
    )


@reads(SendingSnapshot)
def clients(found: Sequence[SendingSnapshot]) -> Iterator[Metric]:
    """The librdkafka producers, one for each lane."""
    lanes = [((lane.lane,), lane) for each in found for lane in each.lanes]
    yield gauge(
        "wildfire_client_queued_records",
        "Records that the Kafka client holds: not sent, or not acknowledged.",
        ("lane",),
        add_up((labels, lane.queued_records) for labels, lane in lanes),
    )
    yield gauge(
        "wildfire_client_in_flight_bytes",
        "Encoded bytes that wait for acknowledgement.",
        ("lane",),
        add_up((labels, lane.in_flight_bytes) for labels, lane in lanes),
    )
    yield counter(
        "wildfire_client_transmitted_bytes",
        "Bytes that the Kafka client sent to brokers, at its last report.",
        ("lane",),
        add_up(
            (labels, lane.transmitted_bytes)
            for labels, lane in lanes
            if lane.transmitted_bytes is not None
        ),
    )
