from collections import Counter
from dataclasses import replace

import pytest

from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.results.store import append_run
from wildfire_bench.bench.run.runner import measure
from wildfire_bench.bench.run.scenes import OTHER_SCENES
from wildfire_bench.bench.workloads.drivers import ACROSS_SCENES, AFTER
from wildfire_bench.bench.workloads.workload import workload
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin

pytestmark = pytest.mark.integration

SIZE_BYTES = 1_000_000


@pytest.fixture(scope="module")
def run(stack) -> tuple[BenchRun, list[str]]:
    """One small round on the session's broker, and what was told on the way."""
    told: list[str] = []
    smoke = workload("smoke", size_bytes=SIZE_BYTES)
    work = replace(smoke, images=2, other_scenes=True)
    results = measure(stack, work, progress=lambda done, total, note: told.append(note))
    return results, told


@pytest.fixture(scope="module")
def results(run) -> BenchRun:
    return run[0]


def test_every_image_of_every_variant_arrives_identical(results):
    assert [sample.error for sample in results.failures()] == []


def test_a_kept_run_holds_no_key_of_the_object_store(results, stack, tmp_path):
    folder = append_run(results, tmp_path).folder
    files = [path.read_bytes() for path in folder.iterdir()]
    keys = (stack.s3.access_key, stack.s3.secret_key.get_secret_value())
    assert [key for key in keys for kept in files if key.encode() in kept] == []


def test_slow_variants_send_one_image_and_the_others_what_was_asked(results):
    sent = Counter(sample.variant for sample in results.samples)
    assert sent == {variant.name: 1 if variant.slow else 2 for variant in results.variants}


def test_each_image_was_one_record(results):
    assert {sample.records for sample in results.samples} == {1}


def test_the_brokers_word_on_their_disk_is_the_size_of_their_files(results):
    assert [b.stored_bytes for b in results.blocks] == [b.stored_file_bytes for b in results.blocks]


def test_an_uncompressed_image_takes_its_own_size_and_a_little_on_disk_and_wire(results):
    block = next(block for block in results.blocks if block.variant == "binary_none")
    for measured in (block.stored_bytes, block.wire_bytes):
        assert block.image_bytes < measured < block.image_bytes + 2 * 8_192


def test_json_is_a_third_larger_than_its_image(results):
    block = next(block for block in results.blocks if block.variant == "json_none")
    assert block.stored_bytes / block.image_bytes == pytest.approx(4 / 3, rel=0.02)


@pytest.mark.parametrize("name", ["json_gzip_client", "binary_zstd_client", "binary_zstd_app"])
def test_compressed_variants_store_and_send_less_than_the_image(results, name):
    block = next(block for block in results.blocks if block.variant == name)
    assert max(block.stored_bytes, block.wire_bytes) < block.image_bytes


def test_the_clients_zstd_leaves_the_value_as_it_is(results):
    sample = next(sample for sample in results.samples if sample.variant == "binary_zstd_client")
    assert sample.value_bytes == sample.size_bytes


def test_cpu_time_is_known_of_all_three_processes(results):
    assert all(
        block.producer_cpu_s > 0 and block.consumer_cpu_s > 0 and block.broker_cpu_s is not None
        for block in results.blocks
    )


def test_acknowledgement_is_timed_too(results):
    assert all(sample.acknowledged_ms > 0 for sample in results.samples)


def test_progress_tells_the_start_and_every_step(run):
    drivers = len(run[0].variants)
    assert len(run[1]) == 1 + drivers + 1 + len(ACROSS_SCENES)  # serialization is a step, too


def test_every_other_kind_of_scene_arrives_identical_by_each_way(results):
    arrived = [(size.kind, size.variant) for size in results.scenes if size.identical]
    assert sorted(arrived) == sorted(
        (kind, name) for kind in OTHER_SCENES.values() for name in ACROSS_SCENES
    )


def test_pixels_of_eight_bits_shrink_more_than_a_jpeg(results):
    shares = {
        size.kind: size.stored_bytes / size.size_bytes
        for size in results.scenes
        if size.variant == AFTER
    }
    assert shares["8-bit RGB"] < 0.9 < shares["compressed already (JPEG)"]


def test_neither_address_nor_secret_is_among_the_kept_settings(results):
    assert results.settings.keys() == {
        "kafka_producer",
        "kafka_consumer",
        "routing",
        "compression_matrix",
    }


def test_no_topic_is_left_behind(results, stack):
    topics = open_admin(stack.apply(Settings())).list_topics(timeout=10).topics
    assert [name for name in topics if name.startswith("bench-")] == []
