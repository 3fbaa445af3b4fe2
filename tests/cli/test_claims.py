import json
from dataclasses import replace

import pytest

from tests.bench.made_up import made_up
from tests.bench.made_up_matrix import matrix_result
from wildfire_bench.bench.matrix.lane_checks import keep_matrix
from wildfire_bench.bench.results.store import append_run
from wildfire_bench.bench.verdicts.claims import claims
from wildfire_bench.cli import main
from wildfire_bench.settings import Settings


@pytest.fixture
def store(tmp_path):
    append_run(made_up(), tmp_path)
    return str(tmp_path)


@pytest.fixture
def said(store, capsys):
    assert main(["claims", "--json", "--results", "20251013", "--store", store]) == 0
    return json.loads(capsys.readouterr().out)


def test_no_claim_is_unaccounted_for(said):
    assert [each["name"] for each in said["claims"]] == [claim.name for claim in claims()]


def test_every_claim_has_a_verdict_and_a_sentence(said):
    verdicts = {"holds", "holds in part", "does not hold", "not measured"}
    assert all(each["verdict"] in verdicts and each["sentence"] for each in said["claims"])


def test_what_is_measured_has_value_interval_and_count(said):
    measured = [each for each in said["claims"] if each["measured"]]
    assert all(each["n"] and {"value", "low", "high"} == set(each["measured"]) for each in measured)


def test_claims_name_the_run_they_are_from(said):
    assert said["run"]["id"].startswith("20251013T100000")


def test_people_read_words_verdict_and_reason(store, capsys):
    main(["claims", "--results", "20251013", "--store", store])
    assert "“65% lower CPU usage” (Section 6, improvements)\n    " in capsys.readouterr().out


def test_small_records_of_another_run_are_told_as_such(store, tmp_path, capsys):
    newest = replace(matrix_result(), started="2100-01-01T00:00:00+00:00")
    keep_matrix(newest, tmp_path)
    assert main(["claims", "--results", "20251013", "--store", store]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"Small records from another run, of {newest.started} on ")


def test_without_a_run_of_its_own_a_machine_sees_the_reference(tmp_path, capsys):
    assert main(["claims", "--store", str(tmp_path)]) == 0
    assert "From reference run" in capsys.readouterr().out


@pytest.mark.long  # a minute; tests of runner, matrix and store try its parts
@pytest.mark.integration
def test_a_run_is_measured_and_kept_first_where_one_is_asked_for(
    stack, monkeypatch, tmp_path, capsys
):
    servers = stack.apply(Settings()).kafka.bootstrap_servers
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", servers)
    asked = ["claims", "--run", "smoke", "--stack", "external", "--store", str(tmp_path), "--json"]
    assert main(asked) == 0
    said = json.loads(capsys.readouterr().out)
    sizes = next(each for each in said["claims"] if each["name"] == "before_size")
    assert (sizes["verdict"], (tmp_path / said["run"]["id"]).is_dir()) == ("holds", True)
