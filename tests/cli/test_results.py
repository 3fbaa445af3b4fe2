import json
from dataclasses import replace

import pytest

from tests.bench.made_up import made_up
from wildfire_bench.bench.measurements import WireCount
from wildfire_bench.bench.results.store import append_run
from wildfire_bench.cli import main


@pytest.fixture
def store(tmp_path):
    append_run(made_up(), tmp_path)
    append_run(replace(made_up(), started="2025-10-14T10:00:00+00:00"), tmp_path)
    return str(tmp_path)


def printed(capsys, *arguments):
    assert main(["results", *arguments]) == 0
    return capsys.readouterr().out


def test_list_has_the_newest_first_and_the_reference(store, capsys):
    listed = json.loads(printed(capsys, "list", "--json", "--store", store))
    times = [run["started"] for run in listed]
    assert (times, sum(run["reference"] for run in listed)) == (sorted(times, reverse=True), 1)


def test_show_prints_medians_with_range_and_count(store, capsys):
    shown = printed(capsys, "show", "20251013", "--store", store)
    assert "stored_mb" in shown
    assert "n 5)" in shown


def test_show_sets_the_proxys_count_beside_librdkafkas(tmp_path, capsys):
    counted = WireCount("json_none", 20_000_000, 26_700_900, 26_701_000, 26_700_500, 0, 0)
    append_run(replace(made_up(), wire=(counted,)), tmp_path)
    shown = printed(capsys, "show", "20251013", "--store", str(tmp_path))
    assert "26,701,000 bytes to the brokers (librdkafka: 26,700,900)" in shown


def test_show_prints_the_notes_of_the_run(store, capsys):
    assert "note: The machine had a fan." in printed(capsys, "show", "20251013", "--store", store)


def test_compare_prints_an_interval_for_every_ratio(store, capsys):
    said = printed(capsys, "compare", "20251013", "20251014", "--json", "--store", store)
    pair = json.loads(said)
    assert all(change["ratio"] for change in pair["changes"])
    assert pair["flips"] == []


def test_compare_says_how_many_verdicts_changed(store, capsys):
    said = printed(capsys, "compare", "20251013", "20251014", "--store", store)
    assert "0 with another verdict" in said


def test_compare_refuses_two_names_of_one_run(store, capsys):
    assert main(["results", "compare", "20251014", "20251014T", "--store", store]) == 2
    assert "20251014 and 20251014T are one run, 20251014T100000" in capsys.readouterr().err


def test_compare_refuses_two_machines(store, tmp_path, capsys):
    machine = replace(made_up().environment, cpu="Another", commit="ffff")
    append_run(replace(made_up(), environment=machine), tmp_path)
    status = main(["results", "compare", "20251013T100000-ffff", "20251014", "--store", store])
    assert (status, "processor: Another and A processor" in capsys.readouterr().err) == (2, True)


def test_an_unknown_run_is_an_error_with_the_known_ones(store, capsys):
    assert main(["results", "show", "1999", "--store", store]) == 2
    assert "20251014T100000" in capsys.readouterr().err
