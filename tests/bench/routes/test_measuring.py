from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.bench.routes.made_up import made_up_result, one_round
from wildfire_bench.bench.routes.measuring import measure_routes
from wildfire_bench.bench.routes.result import RoutesPlan
from wildfire_bench.bench.routes.stages import STAGES, stages_of
from wildfire_bench.stack import Stack


def test_goals_are_reached_or_missed_on_the_right_side_of_their_bound() -> None:
    good = made_up_result(
        one_round("library", 70, 300, 100),
        one_round("raw_message", 100, 200, 300),
        one_round("bare_chunks", 69, 310, 9),
    )
    poor = made_up_result(
        one_round("library", 90, 200, 200),
        one_round("raw_message", 100, 200, 300),
        one_round("bare_chunks", 69, 310, 9),
    )
    assert all(ratio["reached"] for ratio in good.ratios().values())
    assert not any(ratio["reached"] for ratio in poor.ratios().values())


def test_a_ratio_of_equal_samples_has_an_interval_around_one() -> None:
    same = made_up_result(
        one_round("library", 1, 1, 1),
        one_round("raw_message", 1, 1, 1),
        one_round("bare_chunks", 1, 1, 1),
    ).ratios()
    first = same["throughput, chunks against one raw message"]
    assert (first["low"], first["value"], first["high"]) == (1, 1, 1)


def test_what_is_added_has_an_interval_over_rounds() -> None:
    steady = made_up_result(
        one_round("library", 70, 1, 1),
        one_round("raw_message", 1, 1, 1),
        one_round("bare_chunks", 68, 1, 1),
    )
    added = steady.ratios()["p50 latency that the library adds to the bare loop, ms"]
    assert (added["low"], added["value"], added["high"]) == (2, 2, 2)


def test_few_rounds_have_no_interval_however_many_images_they_have() -> None:
    few = made_up_result(
        one_round("library", 1, 1, 1),
        one_round("raw_message", 1, 1, 1),
        one_round("bare_chunks", 1, 1, 1),
        rounds=4,
    )
    assert {ratio["low"] for ratio in few.ratios().values()} == {None}


def test_a_latency_is_taken_apart_into_stages_that_add_up_to_it() -> None:
    found = stages_of(
        100.0,
        {"identify": 0.002, "encode": 0.030, "catalogue": 0.004},
        {"assemble": 0.060, "decode": 0.020, "hand_over": 0.003},
    )
    in_turn = found.identify_ms, found.first_chunk_ms, found.assemble_ms, found.hand_over_ms
    assert in_turn == pytest.approx((2, 35, 60, 3))
    assert (found.encode_ms, found.decode_ms, found.catalogue_ms) == pytest.approx((30, 20, 4))
    assert set(STAGES) == set(asdict(found))


@pytest.mark.integration
def test_a_short_run_measures_every_variant_on_a_real_broker(stack: Stack) -> None:
    told: list[str] = []
    plan = RoutesPlan(
        rounds=1,
        warm_up_images=1,
        latency_images=1,
        throughput_images=2,
        size_bytes=20_500_000,
        chunk_bytes=2_500_000,
        link_mbit_per_s=1_000,
    )
    found = measure_routes(stack, plan, progress=told.append)
    assert found.chunk_bytes == 2_500_000
    one_way_ms = 20.5e6 * 8 / 1e9 * 1e3
    assert min(found.values("raw_message", "latency_ms")) > one_way_ms
    assert [line.partition(" library")[0] for line in told if "library" in line] == [
        "warm-up",
        "round 1/1",
    ]
    assert {sample.variant for sample in found.samples} == {"library", "raw_message", "bare_chunks"}
    assert all(sample.mb_per_s > 0 and sample.first_image_ms > 0 for sample in found.samples)
    (stages,) = found.all_stages()
    assert all(value > 0 for value in asdict(stages).values())
    assert set(found.stages()) == set(STAGES)
