from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from tests.bench.routes.made_up import made_up_result, one_round
from wildfire_bench.bench.routes import measuring
from wildfire_bench.bench.routes.result import RoutesPlan
from wildfire_bench.cli import bench, main


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[RoutesPlan]:
    """Plans that were to be measured; the answer is made up."""
    plans: list[RoutesPlan] = []

    def measured(_stack: object, plan: RoutesPlan, **_: object) -> object:
        plans.append(plan)
        return made_up_result(
            one_round("library", 70, 300, 100),
            one_round("raw_message", 100, 200, 300),
            one_round("bare_chunks", 69, 310, 9),
        )

    monkeypatch.setattr(bench, "open_stack", lambda *_, **__: nullcontext())
    monkeypatch.setattr(measuring, "measure_routes", measured)
    return plans


def test_options_say_what_is_carried_and_over_what(asked: list[RoutesPlan]) -> None:
    options = ["--rounds", "3", "--size-mb", "25", "--chunk-mb", "2.5", "--link-mbit", "1000"]
    assert main(["bench", "routes", *options]) == 0
    (plan,) = asked
    assert (plan.rounds, plan.size_bytes) == (3, 25_000_000)
    assert (plan.chunk_bytes, plan.link_mbit_per_s) == (2_500_000, 1_000)


def test_each_goal_is_shown_with_its_interval_and_whether_it_is_reached(
    asked: list[RoutesPlan], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "routes"]) == 0
    shown = capsys.readouterr().out
    assert "one raw message: 0.70 [0.70, 0.70] (goal 0.75: reached, n 25)" in shown
    assert "first image of two new processes, ms: library 700, raw_message 700" in shown
    assert len(asked) == 1


def test_a_result_as_json_has_its_plan_and_its_samples(
    asked: list[RoutesPlan], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "routes", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["plan"]["rounds"] == 5
    assert len(shown["samples"]) == 15
    assert asked
