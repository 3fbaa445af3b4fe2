import json
from dataclasses import replace

import pytest

from tests.bench.made_up import made_up
from wildfire_bench.bench.results.store import append_run, read_run, stored_runs
from wildfire_bench.bench.workloads.drivers import driver_names
from wildfire_bench.bench.workloads.workload import workload_names
from wildfire_bench.cli import bench_run, main

WORKLOAD = """purpose: mine
sizes: [400000]
patterns: [{loop: open, per_s: 20}]
images: 2
rounds: 1
warm_up: false
drivers: [binary_none]
"""
DRIVER = """label: mine
form: binary
compression: zstd
level: 3
compressed_by: application
"""


def test_workloads_are_listed(capsys):
    assert main(["bench", "workloads", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert tuple(each["name"] for each in listed) == workload_names()


def test_drivers_are_listed(capsys):
    assert main(["bench", "drivers", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert tuple(each["name"] for each in listed) == driver_names()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workload", "swift"], "workload 'swift' is unknown"),
        (["--profile", "paced"], "choose smoke, quick or full"),
        (["--driver", "pigeon"], "driver 'pigeon' is unknown"),
        (["--profile", "quick", "--workload", "paced"], "give one"),
        (["--workload", "none.yaml"], "none.yaml cannot be read"),
    ],
)
def test_what_is_unknown_is_refused_before_anything_starts(options, said, capsys):
    assert main(["bench", "run", *options]) == 2
    assert said in capsys.readouterr().err


def test_a_store_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "taken").touch()
    store = str(tmp_path / "taken" / "store")
    assert main(["bench", "run", "--stack", "external", "--store", store]) == 2
    assert "not a directory" in capsys.readouterr().err


def test_images_that_do_not_come_through_are_told(monkeypatch, tmp_path, capsys):
    lost = replace(made_up().samples[0], error="did not arrive in time")
    measured = append_run(made_up(), tmp_path), [lost]
    monkeypatch.setattr(bench_run, "measure_and_keep", lambda *_: measured)
    assert main(["bench", "run"]) == 1
    said = f"1 image(s) did not come through, the first: {lost.variant}, did not arrive in time"
    assert said in capsys.readouterr().err


@pytest.mark.integration
def test_files_of_ones_own_are_measured_and_kept(user, tmp_path, capsys):
    (tmp_path / "few.yaml").write_text(WORKLOAD)
    (tmp_path / "zstd3.yaml").write_text(DRIVER)
    asked = ["--workload", "few.yaml", "--driver", "zstd3.yaml", "--stack", "external"]
    assert main(["bench", "run", *asked, "--store", "kept", "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)["id"]
    run = next(run for run in stored_runs(tmp_path / "kept") if run.id == kept)
    results = read_run(run)
    assert (run.workload, run.drivers, results.workload.rounds) == ("few", ("zstd3",), 1)
    assert [sample.error for sample in results.samples] == [None, None]
