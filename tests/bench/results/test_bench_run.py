import json
from dataclasses import replace

import pytest

from tests.bench.made_up import made_up, without_brokers_cpu
from wildfire_bench.bench.results.bench_run import load_results, save_results
from wildfire_bench.errors import BenchmarkError


def test_results_come_back_as_they_were_saved(tmp_path):
    results = made_up()
    assert load_results(save_results(results, tmp_path / "results.json")) == results


def test_saved_samples_are_plain_json(tmp_path):
    path = save_results(made_up(rounds=1), tmp_path / "results.json")
    assert json.loads(path.read_text())["samples"][0]["variant"] == "json_none"


@pytest.mark.parametrize("text", ["", "{}", "[1, 2"])
def test_damaged_results_are_an_error_that_says_what_to_do(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match="run again"):
        load_results(path)


def test_missing_results_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(BenchmarkError, match="wildfire-bench report"):
        load_results(tmp_path / "results.json")


def test_results_of_another_schema_are_refused(tmp_path):
    path = save_results(replace(made_up(), schema_version=99), tmp_path / "results.json")
    with pytest.raises(BenchmarkError, match="99"):
        load_results(path)


def test_the_warm_up_round_is_in_no_statistic():
    assert len(made_up(rounds=5).end_to_end_ms("json_none")) == 5


def test_unknown_cpu_time_of_brokers_leaves_no_total():
    assert without_brokers_cpu(made_up()).cpu_s_per_gb("json_none", "total") == []


def test_an_image_that_failed_is_kept_and_counted():
    results = made_up()
    failed = replace(results.samples[-1], end_to_end_ms=None, identical=False, error="lost")
    assert replace(results, samples=(*results.samples, failed)).failures() == [failed]
