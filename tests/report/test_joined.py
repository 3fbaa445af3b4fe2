import pytest

from tests.bench.made_up import made_up
from tests.bench.made_up_matrix import matrix_result
from tests.bench.made_up_routes import made_up_routes
from wildfire_bench.bench.matrix.results import save_matrix
from wildfire_bench.bench.results.bench_run import save_results
from wildfire_bench.bench.results.store import append_run
from wildfire_bench.bench.verdicts.findings import Verdict
from wildfire_bench.report.joined import join_runs, sources_table
from wildfire_bench.report.notebooks import run_notebook
from wildfire_bench.report.page import build_report


@pytest.fixture
def runs(tmp_path):
    """Folder in which each notebook has left its results."""
    save_results(made_up(), tmp_path / "before_after" / "results.json")
    save_results(made_up_routes(), tmp_path / "routing" / "results.json")
    save_matrix(matrix_result(), tmp_path / "compression_matrix" / "results.json")
    return tmp_path


def test_every_claim_has_its_verdict_once_all_notebooks_ran(runs, tmp_path):
    findings = join_runs(runs, tmp_path / "none").findings
    assert [f.claim.name for f in findings if f.verdict is Verdict.NOT_MEASURED] == []


def test_kept_runs_stand_in_where_a_notebook_has_left_none(tmp_path):
    append_run(made_up_routes(), tmp_path)
    parts = join_runs(tmp_path / "none", tmp_path)
    assert (parts.routing, parts.before_after.workload.name) == (made_up_routes(), "quick")


def test_what_was_not_measured_is_said_with_the_command(tmp_path):
    parts = join_runs(tmp_path, tmp_path)
    assert parts.of_routing(str) is None
    row = "routing | not measured | – | – | wildfire-bench notebooks run routing"
    assert row in sources_table(parts).text


def test_the_page_of_all_runs_has_the_claims_first(runs, tmp_path):
    run = run_notebook("report", {"runs": str(runs), "store": str(tmp_path)}, tmp_path / "report")
    page = build_report([run.path], tmp_path / "index.html", title="All").read_text()
    claims, routes = page.index("What became of the guide"), page.index("Which route for")
    assert claims < page.index("<table") < routes
    assert page.count("<figure>") == 7
