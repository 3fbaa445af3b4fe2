"""docs/metrics.md names every metric, with its type, labels and meaning."""

from __future__ import annotations

from prometheus_client.core import Metric

from tests.repository.documents import table
from wildfire_bench.monitoring.exporter import MetricsExporter


def row_of(metric: Metric) -> list[str]:
    suffix = "_total" if metric.type == "counter" else ""
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return [f"`{metric.name}{suffix}`", metric.type, labels, metric.documentation]


def test_every_metric_is_in_the_document_and_no_other() -> None:
    made = [row_of(metric) for metric in MetricsExporter().collect()]
    told = [*table("docs/metrics.md", "The guide's"), *table("docs/metrics.md", "More")]
    assert sorted(told) == sorted(made)


def test_the_six_of_the_guide_are_under_its_names() -> None:
    assert [row[0].strip("`") for row in table("docs/metrics.md", "The guide's")] == [
        "binary_images_sent_total",
        "chunked_images_total",
        "s3_uploads_total",
        "image_serialization_duration_seconds",
        "compression_ratio_by_type",
        "chunk_reassembly_success_rate",
    ]
