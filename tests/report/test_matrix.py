from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench.made_up_matrix import matrix_result
from wildfire_bench.bench.matrix.results import MatrixResult
from wildfire_bench.bench.matrix.verdicts import judge_matrix
from wildfire_bench.report import matrix_plots, matrix_tables
from wildfire_bench.report.figures import Figure


@pytest.mark.parametrize(
    ("plot", "said"),
    [
        (matrix_plots.plot_alert_tail, "99th percentile 49.5 ms"),
        (matrix_plots.plot_lane_latencies, "NASA FIRMS gzip 14.0 ms"),
        (matrix_plots.plot_batch_ratios, "weather bulk with zstd 4.9"),
    ],
)
def test_every_plot_says_its_finding_in_words(
    plot: Callable[[MatrixResult], Figure], said: str
) -> None:
    assert said in plot(matrix_result()).alt


def test_plots_can_be_drawn_of_a_single_round() -> None:
    few = matrix_result(rounds=1, alerts=10)
    assert "too few for a 99th percentile" in matrix_plots.plot_alert_tail(few).alt
    assert matrix_plots.plot_lane_latencies(few).svg.startswith(b"<?xml")


def test_the_table_of_verdicts_has_a_row_for_each_promise() -> None:
    findings = judge_matrix(matrix_result())
    shown = repr(matrix_tables.matrix_verdicts(findings))
    assert all(each.promise in shown for each in findings)


def test_the_headline_counts_the_verdicts() -> None:
    findings = judge_matrix(matrix_result())
    assert "holds: 9, does not hold: 2" in repr(matrix_tables.matrix_headline(findings))


def test_the_table_of_lanes_has_a_row_for_each_codec() -> None:
    assert repr(matrix_tables.stored_table(matrix_result())).count("\n") == 2 + 12 - 1


def test_the_limits_name_the_load_and_the_notes() -> None:
    shown = repr(matrix_tables.matrix_limits(matrix_result()))
    assert "100 to 100 MB/s" in shown
    assert "a note" in shown
