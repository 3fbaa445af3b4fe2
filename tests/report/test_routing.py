from dataclasses import replace

import matplotlib as mpl
import pytest

from tests.bench.made_up import made_up
from tests.bench.made_up_routes import made_up_routes
from wildfire_bench.bench.results.bench_run import load_results
from wildfire_bench.bench.workloads.drivers import ROUTE_DRIVERS
from wildfire_bench.report import routing, routing_plots
from wildfire_bench.report.notebooks import NotebookRun, run_notebook
from wildfire_bench.report.page import build_report
from wildfire_bench.settings import Settings

mpl.use("agg")


@pytest.mark.parametrize(
    ("plot", "said"),
    [
        (routing_plots.plot_route_latency, "direct 10.3 at 1 MB, 108.2 at 20 MB"),
        (routing_plots.plot_route_throughput, "reference (S3) 9.7 at 1 MB"),
        (routing_plots.plot_route_cpu, "chunked 2.0 at 1 MB"),
        (routing_plots.plot_route_memory, "chunked 92.0 at 1 MB, 290.0 at 100 MB"),
    ],
)
def test_words_for_a_plot_hold_its_ends(plot, said):
    assert said in plot(made_up_routes()).alt


def test_thresholds_are_named_only_where_they_lie_in_the_range_drawn():
    run = made_up_routes()
    small = tuple(scene for scene in run.more_scenes if scene.size_bytes < 20_000_000)
    captions = [
        routing_plots.plot_route_latency(each).caption
        for each in (run, replace(run, more_scenes=small))
    ]
    assert ["Dotted: the guide's thresholds." in said for said in captions] == [True, False]


def test_thresholds_stand_beside_the_guides():
    rows = routing.threshold_table(made_up_routes()).text.splitlines()[2:]
    assert [row.split(" | ")[:3] for row in rows] == [
        ["direct, then chunked", "20 MB", "1 MB"],
        ["chunked, then reference (S3)", "100 MB", "50 MB"],
    ]


def test_the_answer_says_where_routes_cross():
    said = routing.routing_answer(made_up_routes()).text
    assert "Direct is not shown to be slower than chunked up to 1 MB" in said


def test_too_few_rounds_give_no_answer():
    assert "too few rounds" in routing.routing_answer(made_up_routes(rounds=1)).text


def test_every_size_and_route_has_a_row():
    assert len(routing.routes_table(made_up_routes()).text.splitlines()) == 2 + 2 + 4 + 4


def test_a_run_without_images_that_overlap_has_no_throughput():
    assert routing_plots.plot_route_throughput(made_up()) is None


@pytest.fixture(scope="module")
def executed(stack, tmp_path_factory) -> NotebookRun:
    """The notebook at its smallest profile, on the session's servers."""
    settings = stack.apply(Settings())
    secret = settings.s3.secret_key.get_secret_value()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)
        environment.setenv("S3_ENDPOINT", f"http://{settings.s3.endpoint}")
        environment.setenv("S3_ACCESS_KEY", settings.s3.access_key)
        environment.setenv("S3_SECRET_KEY", secret)
        folder = tmp_path_factory.mktemp("routing")
        return run_notebook("routing", {"profile": "smoke", "stack": "external"}, folder)


@pytest.mark.integration
def test_the_notebook_carries_every_size_by_every_route(executed):
    results = load_results(executed.out_dir / "results.json")
    carried = {(sample.variant, sample.size_bytes // 1_000_000) for sample in results.samples}
    assert results.failures() == []
    assert carried == {(name, size) for name in ROUTE_DRIVERS for size in (0, 5)}


@pytest.mark.integration
def test_the_page_of_the_notebook_has_its_figures_and_says_that_a_round_is_too_few(
    executed, tmp_path
):
    page = build_report([executed.path], tmp_path / "index.html", title="Routes").read_text()
    assert page.count("<figure>") == 3  # CPU time of servers elsewhere is not known
    assert "too few rounds for an answer" in page
