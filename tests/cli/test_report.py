import json

import pytest

from wildfire_bench.bench.results.bench_run import load_results
from wildfire_bench.cli import main


def test_an_unknown_profile_is_refused_before_anything_starts(capsys, tmp_path):
    assert main(["report", "--profile", "fast", "--out", str(tmp_path / "out")]) == 2
    assert "smoke, quick or full" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.integration
def test_a_report_leaves_page_notebook_and_raw_samples(report_dir):
    left = {path.name for path in report_dir.rglob("*") if path.is_file()}
    assert left == {"index.html", "before_after.ipynb", "results.json"}


@pytest.mark.integration
def test_the_raw_samples_of_a_report_can_be_read_back(report_dir):
    results = load_results(report_dir / "notebooks" / "before_after" / "results.json")
    assert results.failures() == []


@pytest.mark.integration
def test_the_executed_notebook_is_of_the_asked_profile(report_dir):
    notebook = json.loads((report_dir / "notebooks/before_after/before_after.ipynb").read_text())
    assert notebook["metadata"]["papermill"]["parameters"]["profile"] == "smoke"
