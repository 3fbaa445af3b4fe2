"""Panels drawn without Grafana; tests/cli/test_serve.py draws them from a real Prometheus."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wildfire_bench.errors import InvalidParameter, MetricsUnavailable
from wildfire_bench.monitoring.panels import PANELS
from wildfire_bench.monitoring.prometheus import Line, query_range
from wildfire_bench.report.dashboard import PanelLines, panel_figure, quiet_panels, read_panels
from wildfire_bench.stack.ports import free_ports

TIMES = (1_760_000_000.0, 1_760_000_060.0, 1_760_000_120.0)
LATENCY = PANELS[4]


def line(*values: float, **labels: str) -> Line:
    return Line(labels, TIMES, values)


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """Something on loopback that answers every question alike."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def answer_of(*series: dict[str, Any]) -> bytes:
    return json.dumps({"status": "success", "data": {"result": series}}).encode()


def test_a_panel_says_its_numbers_in_words() -> None:
    figure = panel_figure(PanelLines(LATENCY, (("median", line(0.5, float("nan"), 0.25)),)))
    assert figure is not None
    assert "median: 0.25 seconds at last, 0.25 to 0.5 before" in figure.alt
    assert figure.caption.startswith(f"{LATENCY.title}. ")


def test_a_panel_without_numbers_is_named_not_drawn() -> None:
    nothing = PanelLines(LATENCY, ())
    assert panel_figure(nothing) is None
    assert LATENCY.title in quiet_panels([nothing]).text


def test_lines_past_the_eighth_are_counted() -> None:
    lines = tuple((f"topic {index}", line(1, 2, 3)) for index in range(11))
    figure = panel_figure(PanelLines(LATENCY, lines))
    assert figure is not None
    assert "3 more lines are not drawn" in figure.caption


def test_lines_are_named_by_their_labels_and_empty_ones_left_out() -> None:
    values = [[each, "1"] for each in TIMES]
    nan = [[each, "NaN"] for each in TIMES]
    body = answer_of(
        {"metric": {"topic": "chunks"}, "values": values}, {"metric": {}, "values": nan}
    )
    with answering(body) as url:
        (found,) = read_panels(url, minutes=5, panels=[PANELS[3]])
    assert found.lines[0] == ("chunks", line(1, 1, 1, topic="chunks"))
    assert len(found.lines) == len(PANELS[3].queries)


def _nowhere() -> Any:
    (port,) = free_ports(1)
    return query_range(f"http://127.0.0.1:{port}", "up", start_s=0, end_s=60, step_s=1)


def _with(body: bytes, status: int = 200) -> Callable[[], Any]:
    def ask() -> Any:
        with answering(body, status) as url:
            return query_range(url, "up", start_s=0, end_s=60, step_s=1)

    return ask


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (_nowhere, "no Prometheus answers at"),
        (_with(b"parse error", 400), "refused the question"),
        (_with(b"<html>"), "no JSON"),
        (_with(b"[1]"), "not Prometheus's"),
        (_with(b'{"data": {}}'), "not Prometheus's"),
        (_with(b" " * (17 << 20)), "more than"),
    ],
    ids=["nobody", "refusal", "page", "list", "no result", "too long"],
)
def test_what_is_no_answer_of_prometheus_is_one_clear_error(
    ask: Callable[[], Any], said: str
) -> None:
    with pytest.raises(MetricsUnavailable, match=said):
        ask()


def test_a_missing_prometheus_is_told_with_both_ways_out_and_without_pythons_wrapping() -> None:
    with pytest.raises(MetricsUnavailable) as caught:
        _nowhere()
    said = str(caught.value)
    assert "(Connection refused)" in said
    assert "`docker compose --profile monitoring up -d`" in said
    assert "-p prometheus_url=" in said


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "127.0.0.1:9090", "http://"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InvalidParameter, match="no address"):
        query_range(url, "up", start_s=0, end_s=60, step_s=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": float("nan")}, "minutes"),
        ({"minutes": 1e9}, "minutes"),
        ({"window": "5"}, "window"),
        ({"window": "5m])) or vector(1)"}, "window"),
    ],
)
def test_parameters_out_of_range_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameter, match=said):
        read_panels("http://127.0.0.1:9", **{"minutes": 5, **changed})


def test_too_many_points_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="steps"):
        query_range("http://127.0.0.1:9", "up", start_s=0, end_s=1e6, step_s=1)
