from dataclasses import replace

import matplotlib as mpl
import pytest

from tests.bench.made_up import made_up, without_brokers_cpu
from wildfire_bench.errors import InputError
from wildfire_bench.report.plots import (
    plot_cpu,
    plot_latency,
    plot_serialization,
    plot_stored,
)

mpl.use("agg")


@pytest.mark.parametrize(
    ("plot", "number"),
    [
        (plot_stored, "JSON 26.7"),
        (plot_latency, "JSON + gzip (client) 4,240"),
        (plot_serialization, "base64 JSON + gzip 6 1,007"),
        (plot_cpu, "binary 5.2"),
    ],
)
def test_words_for_a_plot_hold_its_medians(plot, number):
    assert number in plot(made_up()).alt


def test_one_round_is_drawn_without_intervals():
    assert "n = 1 a row" in plot_latency(made_up(rounds=1)).caption


def test_cpu_is_not_drawn_without_the_brokers():
    assert plot_cpu(without_brokers_cpu(made_up())) is None


def test_serialization_is_not_drawn_where_it_was_not_timed():
    assert plot_serialization(replace(made_up(), serialization=())) is None


def test_nothing_to_draw_is_an_error():
    with pytest.raises(InputError, match="nothing to draw"):
        plot_latency(replace(made_up(), samples=()))
