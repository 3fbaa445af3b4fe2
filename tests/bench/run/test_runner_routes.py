"""A run over the routes: object store, patterns and every probe, on the session's servers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from wildfire_bench.bench.measurements import Block, WireCount
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.run.notes import WIRE_TOLERANCE
from wildfire_bench.bench.run.runner import measure
from wildfire_bench.bench.workloads.drivers import drivers_named, read_driver
from wildfire_bench.bench.workloads.workload import Pattern, workload
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.object_store.s3_client import connect_s3

pytestmark = pytest.mark.integration

SIZE_BYTES = 1_000_000
PATTERNS = (Pattern("closed", in_flight=2), Pattern("open", per_s=10))


@pytest.fixture(scope="module")
def results(stack: Stack) -> BenchRun:
    smoke = workload("routing-smoke", size_bytes=SIZE_BYTES)
    work = replace(smoke, patterns=PATTERNS, images=3, wire_pass=True)
    carries_nothing = replace(read_driver("json_none"), max_image_bytes=1)
    return measure(stack, work, [*drivers_named(work.drivers), carries_nothing])


def block(results: BenchRun, variant: str) -> Block:
    return next(each for each in results.blocks if each.variant == variant)


def wire(results: BenchRun, variant: str) -> WireCount:
    return next(each for each in results.wire if each.variant == variant)


def test_every_image_arrives_by_its_drivers_route(results: BenchRun) -> None:
    taken = Counter((each.variant, each.route, each.error) for each in results.samples)
    assert taken == {
        (f"route_{route}", route, None): 6 for route in ("direct", "chunked", "reference")
    }


def test_every_pattern_has_its_block(results: BenchRun) -> None:
    found = Counter((each.pattern, each.images) for each in results.blocks)
    assert found == {("closed-2", 3): 3, ("open-10/s", 3): 3}


def test_an_open_loop_takes_at_least_the_time_of_its_schedule(results: BenchRun) -> None:
    paced = [each for each in results.blocks if each.pattern == "open-10/s"]
    assert all(each.seconds is not None and each.seconds > 2 / 10 for each in paced)


def test_an_image_by_reference_lies_in_the_object_store(results: BenchRun) -> None:
    found = block(results, "route_reference")
    assert found.object_bytes is not None
    assert 0.5 < found.object_bytes / found.image_bytes < 1


def test_only_the_route_that_needs_it_is_charged_for_the_store(results: BenchRun) -> None:
    assert block(results, "route_direct").object_bytes is None
    assert block(results, "route_direct").store_cpu_s is None


@pytest.mark.parametrize("process", ["producer", "consumer", "broker", "store"])
def test_memory_of_every_process_has_a_peak_and_a_mean(results: BenchRun, process: str) -> None:
    found = block(results, "route_reference")
    peak, mean = (getattr(found, f"{process}_{kind}_bytes") for kind in ("peak", "mean"))
    assert peak >= mean > 1_000_000


def test_the_brokers_pauses_are_known(results: BenchRun) -> None:
    assert all(each.gc_pauses is not None for each in results.blocks)


@pytest.mark.parametrize("variant", ["route_direct", "route_chunked"])
def test_librdkafka_and_the_proxy_count_the_same_bytes(results: BenchRun, variant: str) -> None:
    counted = wire(results, variant)
    assert counted.client_bytes > 0.5 * SIZE_BYTES
    assert counted.sent_bytes == pytest.approx(counted.client_bytes, rel=WIRE_TOLERANCE)


def test_the_proxy_sees_the_consumers_side_too(results: BenchRun) -> None:
    counted = wire(results, "route_direct")
    assert counted.received_bytes == pytest.approx(counted.sent_bytes, rel=0.05)


def test_an_image_by_reference_passes_the_proxies_of_the_store(results: BenchRun) -> None:
    counted = wire(results, "route_reference")
    assert counted.sent_bytes < 0.1 * SIZE_BYTES
    assert min(counted.store_sent_bytes, counted.store_received_bytes) > 0.5 * SIZE_BYTES


def test_no_bucket_is_left_behind(results: BenchRun, stack: Stack) -> None:
    client = connect_s3(stack.apply(Settings()).s3, 1)
    left = [bucket.name for bucket in client.list_buckets() if bucket.name.startswith("bench-")]
    client.close()
    assert (left, results.failures()) == ([], [])


def test_a_size_that_no_driver_carries_is_refused_before_anything_starts(stack: Stack) -> None:
    work = workload("smoke", size_bytes=30_000_000)
    with pytest.raises(BenchmarkError, match="no driver of this run carries an image of"):
        measure(stack, work, drivers_named(["json_none"]))


def test_a_run_that_would_fill_the_disk_is_refused(stack: Stack) -> None:
    work = replace(workload("routing-smoke"), rounds=10**6, sizes=(SIZE_BYTES,))
    with pytest.raises(BenchmarkError, match="stay on the brokers until its end"):
        measure(stack, work)
