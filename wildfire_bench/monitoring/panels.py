"""What a dashboard shows: the guide's five panels (section 7), then the operator's.

One list, from which Grafana's dashboard, the notebook for those without Grafana and the table of
docs/monitoring.md come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["GUIDES_PANELS", "MAX_PANELS", "PANELS", "WINDOW", "Panel", "Query"]

WINDOW: Final = "$__rate_interval"
"""Grafana's word for a stretch that holds enough scrapes; see `Query.over`."""
MAX_PANELS: Final = 40


@dataclass(frozen=True, slots=True)
class Query:
    """One question in PromQL, and what its lines are called."""

    expression: str
    legend: str
    """With ``{{label}}`` for a label's value."""

    def over(self, window: str) -> str:
        """Give the expression with a stretch of time such as ``5m`` in place of `WINDOW`."""
        return self.expression.replace(WINDOW, window)


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over time that answer one question."""

    title: str
    description: str
    """What is good, and what to look at when it is not."""
    unit: str
    """As Grafana names it: ``percentunit``, ``s``, ``bytes``, ``Bps``, ``reqps``, ``short``."""
    queries: tuple[Query, ...]


def _rate(metric: str, by: str = "", where: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{where}[{WINDOW}]))"


def _quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', 'le')})"


def _mean(metric: str) -> str:
    """Seconds of each stage, for an image."""
    return f"{_rate(f'{metric}_sum', 'stage')} / {_rate(f'{metric}_count', 'stage')}"


GUIDES_PANELS: Final = (
    Panel(
        "Binary vs JSON message ratio",
        "Share of the images that went out in binary form. Below 100 % somebody sends base64 JSON: "
        "wanted during a rollback only.",
        "percentunit",
        (
            Query(
                f"{_rate('binary_images_sent_total')} / {_rate('wildfire_images_sent_total')}",
                "binary",
            ),
        ),
    ),
    Panel(
        "Chunk reassembly success rate",
        "Share of the chunked images that were put together, of all whose reassembly ended. Below "
        "99 % an alert fires; the dead letters say which images and why.",
        "percentunit",
        (
            Query("wildfire:reassembly_success:ratio_increase10m", "last 10 minutes"),
            Query("chunk_reassembly_success_rate", "since the start"),
        ),
    ),
    Panel(
        "S3 upload frequency",
        "Images uploaded and sent by reference, a second. It follows the share of images above "
        "routing.chunked_max_bytes.",
        "reqps",
        (Query(_rate("s3_uploads_total"), "uploads"),),
    ),
    Panel(
        "Compression ratio by topic",
        "Raw bytes of images per encoded byte, by the topic of their records. Near 1 the images "
        "are compressed already, or the matrix says none.",
        "short",
        (
            Query(
                f"{_rate('wildfire_images_sent_raw_bytes_total', 'topic')} / "
                f"{_rate('wildfire_images_sent_encoded_bytes_total', 'topic')}",
                "{{topic}}",
            ),
            Query("compression_ratio_by_type", "{{data_type}} in {{topic}}, since the start"),
        ),
    ),
    Panel(
        "Image processing latency",
        "From the time stamp of an image's first record to the verified image in the consumer's "
        "hands; clocks of two machines, if there are two.",
        "s",
        (
            Query(_quantile(0.5, "wildfire_image_latency_seconds"), "median"),
            Query(_quantile(0.95, "wildfire_image_latency_seconds"), "95th percentile"),
        ),
    ),
)
"""Under the guide's titles, in its order."""

PANELS: Final = (
    *GUIDES_PANELS,
    Panel(
        "Images sent by route",
        "Acknowledged, a second.",
        "reqps",
        (Query(_rate("wildfire_images_sent_total", "route"), "{{route}}"),),
    ),
    Panel(
        "Images received by route",
        "Verified and handed over, a second. Far below what is sent, the lag grows.",
        "reqps",
        (Query(_rate("wildfire_images_received_total", "route"), "{{route}}"),),
    ),
    Panel(
        "Bytes of images sent",
        "As they were given, encoded, and on the wire with headers and catalogue entries.",
        "Bps",
        tuple(
            Query(_rate(f"wildfire_images_sent_{stage}_bytes_total"), stage)
            for stage in ("raw", "encoded", "wire")
        ),
    ),
    Panel(
        "Bytes on the wire by route and codec",
        "Where the traffic goes.",
        "Bps",
        (
            Query(
                _rate("wildfire_images_sent_wire_bytes_total", "route, codec"),
                "{{route}}, {{codec}}",
            ),
        ),
    ),
    Panel(
        "Serialization of an image",
        "Time to encode, summed over threads.",
        "s",
        (
            Query(_quantile(0.5, "image_serialization_duration_seconds"), "median"),
            Query(_quantile(0.95, "image_serialization_duration_seconds"), "95th percentile"),
        ),
    ),
    Panel(
        "Sending an image, by stage",
        "Mean. A long send with a short encode is the brokers or the network.",
        "s",
        (Query(_mean("wildfire_image_send_seconds"), "{{stage}}"),),
    ),
    Panel(
        "Receiving an image, by stage",
        "Mean. A long assemble with a short decode waits for chunks.",
        "s",
        (Query(_mean("wildfire_image_receive_seconds"), "{{stage}}"),),
    ),
    Panel(
        "Images in reassembly",
        "Incomplete ones, and the age of the oldest in seconds: at "
        "kafka_consumer.reassembly_timeout_s it is given up.",
        "short",
        (
            Query("sum by (group) (wildfire_reassembly_images)", "{{group}}: images"),
            Query(
                "max by (group) (wildfire_reassembly_oldest_age_seconds)", "{{group}}: oldest, s"
            ),
        ),
    ),
    Panel(
        "Memory of images that are put together",
        "Held in memory and spilled to disk. Steady spilling asks for kafka_consumer.memory_bytes.",
        "bytes",
        (
            Query("sum by (group) (wildfire_reassembly_held_bytes)", "{{group}}: in memory"),
            Query("sum by (group) (wildfire_reassembly_spilled_bytes)", "{{group}}: spilled"),
        ),
    ),
    Panel(
        "Dead letters",
        "Written in the last hour, by error. `wildfire-bench dead-letters list` has each with its "
        "coordinates.",
        "short",
        (
            Query("sum (increase(wildfire_dead_letters_total[1h]))", "all"),
            Query(
                "topk(5, sum by (error) (increase(wildfire_dead_letters_total[1h])))", "{{error}}"
            ),
        ),
    ),
    Panel(
        "Safe offset lag",
        "Records from what may be committed to the end, by topic. It must come back to zero.",
        "short",
        (Query("wildfire:partition_lag_records:sum", "{{group}}: {{topic}}"),),
    ),
    Panel(
        "Records that would come again",
        "Read past the safe offset, and images that were handed over a second time.",
        "short",
        (
            Query("sum by (group) (wildfire_partition_unsafe_records)", "{{group}}: not yet safe"),
            Query(
                "sum by (group) (increase(wildfire_images_redelivered_total[1h]))",
                "{{group}}: redelivered in an hour",
            ),
        ),
    ),
    Panel(
        "Sends that failed",
        "In the last hour. The sender had an error for each.",
        "short",
        (Query("sum by (what) (increase(wildfire_send_failures_total[1h]))", "{{what}}"),),
    ),
    Panel(
        "Queues of the Kafka client",
        "Bytes that wait for acknowledgement. At kafka_producer.max_in_flight_bytes a send waits.",
        "bytes",
        (Query("sum by (lane) (wildfire_client_in_flight_bytes)", "{{lane}}"),),
    ),
    Panel(
        "Records of the Kafka client",
        "Not sent, or not acknowledged.",
        "short",
        (Query("sum by (lane) (wildfire_client_queued_records)", "{{lane}}"),),
    ),
    Panel(
        "Trouble with S3",
        "In the last hour: transfers that failed, requests sent again, uploads left behind.",
        "short",
        (
            Query("sum (increase(wildfire_s3_failures_total[1h]))", "failed"),
            Query("sum (increase(wildfire_s3_repeated_requests_total[1h]))", "sent again"),
            Query("sum (increase(wildfire_s3_orphaned_uploads_total[1h]))", "left behind"),
        ),
    ),
    Panel(
        "S3 transfers",
        "Mean time of a whole object, encoding or decoding included.",
        "s",
        (
            Query(
                f"{_rate('wildfire_s3_transfer_seconds_sum', 'operation')} / "
                f"{_rate('wildfire_s3_transfer_seconds_count', 'operation')}",
                "{{operation}}",
            ),
        ),
    ),
    Panel(
        "Small records sent by lane",
        "Alerts, sensors, FIRMS and weather: acknowledged, a second.",
        "reqps",
        (Query(_rate("wildfire_records_sent_total", "data_type"), "{{data_type}}"),),
    ),
    Panel(
        "Small records received by lane",
        "Verified, a second.",
        "reqps",
        (
            Query(
                _rate("wildfire_records_received_total", "group, data_type"),
                "{{group}}: {{data_type}}",
            ),
        ),
    ),
    Panel(
        "CPU of the service",
        "Seconds a second; 1 is one core.",
        "short",
        (Query(f'rate(process_cpu_seconds_total{{job="wildfire"}}[{WINDOW}])', "{{instance}}"),),
    ),
    Panel(
        "Memory of the service",
        "Resident set.",
        "bytes",
        (Query('process_resident_memory_bytes{job="wildfire"}', "{{instance}}"),),
    ),
)
"""All, in the order in which they are shown."""
