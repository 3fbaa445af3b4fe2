"""Results that no machine measured, for tests of what is made from results."""

from __future__ import annotations

from dataclasses import replace

from wildfire_bench.bench.environment import Environment
from wildfire_bench.bench.results.bench_run import (
    SCHEMA_VERSION,
    BenchRun,
    Block,
    Check,
    Sample,
    Scene,
    SceneSize,
    SerializationSample,
)
from wildfire_bench.bench.serialization import PATHS
from wildfire_bench.bench.workloads.drivers import ACROSS_SCENES, drivers_named
from wildfire_bench.bench.workloads.workload import workload

SIZE_BYTES = 20_000_000
VARIANTS = drivers_named(workload("quick").drivers)
# Variant: ms end to end, MB stored, CPU seconds per GB of producer, broker, consumer.
COSTS = {
    "json_none": (400.0, 26.7, 7.0, 5.0, 8.0),
    "json_gzip_client": (4000.0, 17.4, 130.0, 13.0, 39.0),
    "json_zstd_client": (600.0, 18.0, 11.0, 5.0, 10.0),
    "binary_none": (60.0, 20.0, 1.2, 3.2, 0.5),
    "binary_gzip_app": (1000.0, 15.3, 45.0, 2.0, 7.0),
    "binary_zstd_client": (110.0, 15.7, 2.5, 3.7, 1.4),
    "binary_zstd_app": (85.0, 15.7, 1.9, 2.2, 1.5),
    "binary_zstd_guide_topics": (120.0, 15.7, 1.9, 4.2, 1.6),
    "binary_predictive_app": (150.0, 9.0, 4.0, 1.5, 3.0),
}
SERIALIZATION_MS = {
    "json": 110.0,
    "json_gzip": 950.0,
    "binary_gzip": 900.0,
    "binary_zstd3": 115.0,
    "binary_zstd1": 25.0,
}
# MB stored of an image of 20 MB: JSON, gzipped JSON, zstd, predictive.
SCENES_MB = {
    "8-bit RGB": (26.7, 9.0, 8.0, 6.0),
    "32-bit float": (26.7, 21.0, 18.0, 15.0),
    "compressed already (JPEG)": (26.7, 20.3, 20.0, 20.0),
}
CHECKS = (
    Check("largest_transported_mb", 100.0, "MB", "An image of 100,000,000 bytes arrived"),
    Check("largest_json_image_mb", 7.86, "MB", "A record holds 7.86 MB"),
    Check("largest_direct_mb", 20.0, "MB", "Up to 20 MB go directly"),
    Check("largest_chunked_mb", 100.0, "MB", "Up to 100 MB are chunked"),
    Check("chunk_mb", 5.0, "MB", "Chunks have 5 MB"),
    Check("reassembly_timeout_s", 300.0, "s", "Kept for 300 s"),
    Check("gzip_takes_over", 1.0, "", "gzip is chosen"),
    Check("upgrade_is_newer", 0.0, "", "Version 0.8.1 is older than 0.11.0"),
)


def made_up(rounds: int = 5) -> BenchRun:
    """A run in which every sample of a variant differs a little from the last."""
    samples, blocks, timings = [], [], []
    for round_ in range(rounds + 1):
        spread = 1 + 0.02 * round_
        for variant in VARIANTS:
            latency_ms, stored_mb, *cpu = COSTS[variant.name]
            samples.append(_sample(variant.name, round_, latency_ms * spread))
            producer_s, broker_s, consumer_s = (each * spread * SIZE_BYTES / 1e9 for each in cpu)
            blocks.append(
                Block(
                    variant=variant.name,
                    round=round_,
                    images=1,
                    image_bytes=SIZE_BYTES,
                    producer_cpu_s=producer_s,
                    consumer_cpu_s=consumer_s,
                    broker_cpu_s=broker_s,
                    stored_bytes=int(stored_mb * 1e6) + round_,
                    stored_file_bytes=None,
                    wire_bytes=int(stored_mb * 1e6) + 900,
                    load=0.2,
                    size_bytes=SIZE_BYTES,
                )
            )
        timings += [
            SerializationSample(path.name, round_, SERIALIZATION_MS[path.name] * spread, 1)
            for path in PATHS
        ]
    return BenchRun(
        schema_version=SCHEMA_VERSION,
        started="2025-10-13T10:00:00+00:00",
        duration_s=120.0,
        workload=workload("quick", rounds=rounds),
        scene=Scene("sentinel-2", "sentinel-2a", SIZE_BYTES, "00" * 32, "Bands <B02> & B03."),
        environment=Environment(
            cpu="A processor",
            cores=2,
            memory_bytes=8 << 30,
            system="Linux 6.1 x86_64",
            python="3.11.7",
            packages={"numpy": "2.3.0"},
            librdkafka="2.16.0",
            kafka="1 broker of Apache Kafka 4.3.1, embedded",
            commit="0123456789ab",
            load_before=0.1,
        ),
        variants=VARIANTS,
        samples=tuple(samples),
        blocks=tuple(blocks),
        serialization=tuple(timings),
        scenes=tuple(_scene_sizes()),
        checks=CHECKS,
        settings={"routing": {"chunk_bytes": 5_000_000}},
        notes=("The machine had a fan.",),
    )


def without_brokers_cpu(results: BenchRun) -> BenchRun:
    """The same against brokers of another machine."""
    return replace(
        results, blocks=tuple(replace(block, broker_cpu_s=None) for block in results.blocks)
    )


def _scene_sizes() -> list[SceneSize]:
    return [
        SceneSize(kind, kind, variant, SIZE_BYTES, int(mb * 1e6), int(mb * 1e6) + 900, True)
        for kind, sizes in SCENES_MB.items()
        for variant, mb in zip(ACROSS_SCENES, sizes, strict=True)
    ]


def _sample(variant: str, round_: int, end_to_end_ms: float) -> Sample:
    return Sample(
        variant=variant,
        round=round_,
        index=0,
        size_bytes=SIZE_BYTES,
        end_to_end_ms=end_to_end_ms,
        acknowledged_ms=0.7 * end_to_end_ms,
        value_bytes=SIZE_BYTES,
        records=1,
        identical=True,
    )
