from types import SimpleNamespace

import pytest

from wildfire_bench.bench.gc_log import GcLogs, pauses_in

YOUNG = (
    "[2026-01-01T00:00:00.000+0000][1.234s][info][gc          ] "
    "GC(3) Pause Young (Normal) (G1 Evacuation Pause) 68M->7M(247M) 6.912ms\n"
)
CONCURRENT = "[2026-01-01T00:00:00.000+0000][1.3s][info][gc] GC(4) Concurrent Mark Cycle 12.000ms\n"
PHASE = "[2026-01-01T00:00:00.000+0000][1.3s][info][gc,phases   ] GC(3)   Pre Evacuate 0.3ms\n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "gc.log"
    path.write_text(YOUNG)
    return path


def logs_of(path):
    return GcLogs([SimpleNamespace(gc_log_file=path)])


def test_only_lines_at_which_the_broker_stood_still_are_counted():
    found = pauses_in((YOUNG + PHASE + CONCURRENT + YOUNG).encode())
    assert (found.count, found.milliseconds) == (2, pytest.approx(13.824))


def test_what_was_logged_before_is_not_counted(log):
    logs = logs_of(log)
    with log.open("a") as file:
        file.write(YOUNG)
    assert (logs.new().count, logs.new().count) == (1, 0)


def test_a_line_that_is_being_written_counts_once_it_is_whole(log):
    logs = logs_of(log)
    counts = []
    for piece in (YOUNG[:60], YOUNG[60:]):
        with log.open("a") as file:
            file.write(piece)
        counts.append(logs.new().count)
    assert counts == [0, 1]


@pytest.mark.parametrize("brokers", [[], [SimpleNamespace(gc_log_file=None)]])
def test_without_a_log_pauses_are_unknown_and_that_is_said(brokers):
    logs = GcLogs(brokers)
    assert (logs.new(), "pauses are unknown" in logs.missing) == (None, True)
