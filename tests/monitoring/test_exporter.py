"""Metrics out of snapshots: names, labels, values, and what a reader that fails costs."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from wildfire_bench.errors import CorruptPayload
from wildfire_bench.monitoring import registration
from wildfire_bench.monitoring.exporter import MetricsExporter
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.durations import BOUNDS_S, Durations
from wildfire_bench.streaming.observation.receiving_tally import (
    DeadLetterSnapshot,
    PartitionFigures,
    PartitionsSnapshot,
    ReassemblySnapshot,
    ReceivedRecords,
    RecordReceivingSnapshot,
)
from wildfire_bench.streaming.observation.sending_tally import (
    LaneFigures,
    SendingSnapshot,
    SentImages,
    SentRecords,
)
from wildfire_bench.streaming.observation.snapshots import Snapshot, error_name

GUIDE = (
    "binary_images_sent_total",
    "chunked_images_total",
    "s3_uploads_total",
    "chunk_reassembly_success_rate",
    "image_serialization_duration_seconds_count",
    "compression_ratio_by_type",
)


@dataclass
class Source:
    given: Sequence[Snapshot]

    def snapshots(self) -> Sequence[Snapshot]:
        return self.given


def spent(*seconds: float) -> Durations:
    durations = Durations()
    for each in seconds:
        durations.note(each)
    return durations


def sending() -> SendingSnapshot:
    stages = {stage: spent(0.2, 0.4).counts() for stage in ("identify", "encode", "send", "total")}
    return SendingSnapshot(
        images=(
            SentImages(Route.DIRECT, "zstd", "binary", 2, 4_000, 1_000, 1_200),
            SentImages(Route.CHUNKED, "zstd", "chunks", 1, 9_000, 3_000, 3_300),
            SentImages(Route.REFERENCE, "zstd", "metadata", 3, 9_000, 3_000, 300),
            SentImages(Route.JSON, "stored", "json", 5, 100, 100, 140),
        ),
        image_failures={"DeliveryFailed": 4},
        image_seconds=stages,
        records=(SentRecords(DataType.IOT_SENSORS, "iot", 10, 5_000),),
        record_failures={},
        lanes=(LaneFigures("iot_sensors", 3, 0, 1_000), LaneFigures("images-none", 0, 0, None)),
    )


def reassembly(completed: int, failed: dict[str, int]) -> ReassemblySnapshot:
    return ReassemblySnapshot("g", 2, 100, 50, 1.5, completed, failed)


def everything() -> MetricsExporter:
    partition = PartitionFigures("chunks", 0, position=7, safe_offset=5, end_offset=9)
    return MetricsExporter(
        [
            Source(
                [
                    sending(),
                    reassembly(3, {"IncompleteImage": 1}),
                    DeadLetterSnapshot("g", {"IncompleteImage": 1}, 0),
                    PartitionsSnapshot("g", (partition,)),
                    RecordReceivingSnapshot(
                        "g", True, (ReceivedRecords(DataType.IOT_SENSORS, 10, 5_000),), 0
                    ),
                ]
            )
        ]
    )


def value(exporter: MetricsExporter, name: str, **labels: str) -> float | None:
    return exporter.registry.get_sample_value(name, labels)


@pytest.mark.parametrize("name", GUIDE)
def test_the_guides_six_metrics_are_there_under_its_names(name: str) -> None:
    exposed = everything().exposition().decode()
    assert any(line.split("{")[0].split(" ")[0] == name for line in exposed.splitlines())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("binary_images_sent_total", 6),
        ("chunked_images_total", 1),
        ("s3_uploads_total", 3),
        ("chunk_reassembly_success_rate", 0.75),
        ("image_serialization_duration_seconds_count", 2),
        ("image_serialization_duration_seconds_sum", pytest.approx(0.6)),
    ],
)
def test_a_guides_metric_has_its_value(name: str, expected: float) -> None:
    assert value(everything(), name) == expected


@pytest.mark.parametrize(
    ("data_type", "topic", "expected"),
    [
        ("satellite_imagery", "binary", 4.0),
        ("satellite_imagery", "chunks", 3.0),
        ("iot_sensors", "iot", 5.0),
    ],
)
def test_compression_ratio_is_of_images_and_of_records(
    data_type: str, topic: str, expected: float
) -> None:
    ratio = value(everything(), "compression_ratio_by_type", data_type=data_type, topic=topic)
    assert ratio == expected


def test_lag_counts_from_the_safe_offset() -> None:
    where = {"group": "g", "topic": "chunks", "partition": "0"}
    assert value(everything(), "wildfire_partition_lag_records", **where) == 4
    assert value(everything(), "wildfire_partition_unsafe_records", **where) == 2


def test_an_error_that_has_not_happened_is_zero_so_that_the_first_is_an_increase() -> None:
    failures = "wildfire_reassembly_failures_total"
    assert value(everything(), failures, group="g", error="DigestMismatch") == 0
    assert value(everything(), failures, group="g", error="IncompleteImage") == 1


def test_two_producers_are_added_up() -> None:
    exporter = MetricsExporter([Source([sending()])])
    exporter.watch(Source([sending()]))
    assert value(exporter, "binary_images_sent_total") == 12
    assert value(exporter, "image_serialization_duration_seconds_count") == 4


def test_success_rate_is_not_a_number_before_the_first() -> None:
    rate = value(MetricsExporter([Source([reassembly(0, {})])]), "chunk_reassembly_success_rate")
    assert rate is not None
    assert math.isnan(rate)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("exporter", [MetricsExporter(), everything()], ids=["idle", "busy"])
def test_promtool_finds_no_fault(exporter: MetricsExporter) -> None:
    command = ["promtool", "check", "metrics"]
    checked = subprocess.run(
        command, input=exporter.exposition(), capture_output=True, check=False, timeout=20
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_errors_that_are_not_ours_have_one_name() -> None:
    assert error_name(CorruptPayload("x")) == "CorruptPayload"
    assert error_name(KeyError("whatever an id may be")) == "Other"


def test_a_duration_falls_into_the_bucket_that_ends_with_it() -> None:
    counts = spent(BOUNDS_S[0], BOUNDS_S[0] * 1.01, BOUNDS_S[-1] * 2, -1.0).counts()
    assert (counts.counts[0], counts.counts[1], counts.counts[-1], counts.total) == (2, 1, 1, 4)


@dataclass(frozen=True, slots=True)
class TideSnapshot:
    """Something that a later part adds."""

    section: ClassVar[str] = "tide"
    height_m: float


@pytest.fixture
def later_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of its snapshots and one that fails, for one test."""
    monkeypatch.setattr(registration, "_READERS", list(registration.find_readers()))

    @registration.reads(TideSnapshot)
    def tide(found: Sequence[TideSnapshot]) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "tide_meters", "Height.", value=sum(each.height_m for each in found)
        )

    @registration.reads(TideSnapshot)
    def drowned(found: Sequence[TideSnapshot]) -> Iterator[Metric]:
        raise ArithmeticError(f"{len(found)}")


@pytest.mark.usefixtures("later_part")
def test_a_later_part_is_exported_without_a_list_being_changed() -> None:
    assert value(MetricsExporter([Source([TideSnapshot(2.5)])]), "tide_meters") == 2.5


@pytest.mark.usefixtures("later_part")
def test_a_reader_that_fails_is_counted_and_costs_only_its_own() -> None:
    exporter = MetricsExporter([Source([TideSnapshot(2.5), sending()])])
    failed_before = value(exporter, "wildfire_metrics_failures_total")
    assert failed_before is not None
    assert value(exporter, "binary_images_sent_total") == 6
    failures = value(exporter, "wildfire_metrics_failures_total")
    assert failures is not None
    assert failures > failed_before
