from dataclasses import replace

import pytest

from tests.bench.made_up import made_up, without_brokers_cpu
from wildfire_bench.bench.results.bench_run import Check
from wildfire_bench.bench.serialization import PATHS
from wildfire_bench.bench.verdicts.claims import claims
from wildfire_bench.bench.verdicts.judging import Verdict, judge, judge_all
from wildfire_bench.bench.workloads.drivers import AFTER, driver_names

BY_NAME = {claim.name: claim for claim in claims()}
KNOWN = set(driver_names()) | {path.name for path in PATHS}


def verdict(name, results=None):
    return judge(BY_NAME[name], results or made_up()).verdict


def test_every_claim_gets_a_verdict():
    assert [finding.claim for finding in judge_all(made_up())] == list(claims())


def test_claims_compare_only_what_is_measured():
    named = {
        name
        for claim in claims()
        for comparison in claim.comparisons
        for name in (comparison.after, comparison.before)
        if name is not None
    }
    assert named <= KNOWN


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("storage", Verdict.FAILS),
        ("storage_overview", Verdict.IN_PART),
        ("network_overview", Verdict.IN_PART),
        ("latency_overview", Verdict.HOLDS),
        ("serialization", Verdict.IN_PART),
        ("cpu", Verdict.HOLDS),
        ("before_size", Verdict.HOLDS),
        ("before_serialization", Verdict.IN_PART),
        ("after_serialization", Verdict.HOLDS),
        ("after_size", Verdict.FAILS),
        ("large_images", Verdict.HOLDS),
        ("former_limit", Verdict.FAILS),
        ("reassembly_timeout", Verdict.HOLDS),
        ("gzip_fallback", Verdict.HOLDS),
        ("aiokafka_upgrade", Verdict.FAILS),
        ("matrix_weather", Verdict.NOT_MEASURED),
    ],
)
def test_verdict_follows_from_the_samples(name, expected):
    assert verdict(name) is expected


def test_a_storage_claim_holds_once_the_image_shrinks_enough():
    results = made_up()
    shrunk = tuple(
        replace(block, stored_bytes=5_300_000) if block.variant == AFTER else block
        for block in results.blocks
    )
    shrunk_run = replace(results, blocks=shrunk, scenes=())
    assert verdict("storage", shrunk_run) is Verdict.HOLDS


def test_a_claim_that_one_kind_of_scene_breaks_holds_in_part():
    results = made_up()
    shrunk = tuple(
        replace(block, stored_bytes=5_300_000) if block.variant == AFTER else block
        for block in results.blocks
    )
    assert verdict("storage", replace(results, blocks=shrunk)) is Verdict.IN_PART


def test_each_kind_of_scene_has_a_verdict_of_its_own():
    scenes = judge(BY_NAME["network_overview"], made_up()).scenes
    assert [(scene.kind, scene.holds) for scene in scenes if not scene.when] == [
        ("16-bit", False),
        ("8-bit RGB", True),
        ("32-bit float", False),
        ("compressed already (JPEG)", False),
    ]


def test_an_answer_from_elsewhere_decides_where_the_run_has_none():
    weather = [Check("matrix_weather_saved_percent", 80.0, "%", "Weather shrinks by 80 %")]
    assert judge(BY_NAME["matrix_weather"], made_up(), weather).verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    "name", ["latency_overview", "serialization", "cpu", "before_serialization"]
)
def test_times_of_one_round_are_not_judged(name):
    assert verdict(name, made_up(rounds=1)) is Verdict.NOT_MEASURED


def test_many_images_of_one_round_are_still_one_round():
    results = made_up(rounds=1)
    timings = tuple(
        replace(each, milliseconds=each.milliseconds + more)
        for each in results.serialization
        for more in range(5)
    )
    crowded = replace(results, serialization=timings)
    assert verdict("before_serialization", crowded) is Verdict.NOT_MEASURED


def test_sizes_of_one_round_are_judged():
    assert verdict("storage", made_up(rounds=1)) is Verdict.FAILS


def test_cpu_is_not_judged_without_the_brokers():
    assert verdict("cpu", without_brokers_cpu(made_up())) is Verdict.NOT_MEASURED


def test_what_holds_for_another_reading_names_it():
    assert (
        "if the JSON before was also gzipped" in judge(BY_NAME["serialization"], made_up()).sentence
    )


def test_what_fails_says_what_it_would_take():
    assert "3.8 times smaller" in judge(BY_NAME["storage"], made_up()).sentence


def test_a_reduction_that_the_samples_do_not_assure_does_not_hold():
    results = made_up()
    wide = tuple(
        replace(sample, end_to_end_ms=(1.0 if sample.round % 2 else 3_000.0))
        if sample.variant == AFTER
        else sample
        for sample in results.samples
    )
    assert verdict("latency_overview", replace(results, samples=wide)) is not Verdict.HOLDS
