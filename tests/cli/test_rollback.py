import json

import pytest

from wildfire_bench.bench.rollback.history import Faults
from wildfire_bench.bench.rollback.report import Phase, RollbackReport, RollbackStep
from wildfire_bench.cli import main
from wildfire_bench.cli import rollback as module
from wildfire_bench.streaming.dead_letters import DeadLetter

STEP = RollbackStep(Phase.BACK_PRODUCERS_FIRST, {"json": 3, "direct": 1}, 4, 1.5)
WELL = RollbackReport((STEP,), 1_004, 1_004, 2, Faults((), (), ()), (), (), 10.0)
LOST = RollbackReport((STEP,), 4, 3, 0, Faults(("one",), (), ()), (), (), 10.0)
LETTER = DeadLetter("no such codec", "UnsupportedFormat", (), image_id="two")
UNREADABLE = RollbackReport((STEP,), 4, 4, 0, Faults((), (), ()), (LETTER,), ("reference",), 10.0)


@pytest.fixture
def rehearsing(monkeypatch, tmp_path):
    """Make the command find a report; nothing is sent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nobody:9092")

    def report(found: RollbackReport) -> None:
        async def rehearsed(_settings, *, told):
            for step in found.steps if told else ():
                told(step)
            return found

        monkeypatch.setattr(module, "rehearse_rollback", rehearsed)

    return report


def test_counts_of_each_phase_and_of_all_are_told(rehearsing, capsys):
    rehearsing(WELL)
    assert main(["rollback", "rehearse"]) == 0
    printed = capsys.readouterr()
    assert printed.out == ("back, producers first       1.5 s  sent 1 direct, 3 json; received 4\n")
    assert printed.err.startswith(
        "sent 1,004, received 1,004: 0 lost, 0 altered, 0 repeated, 0 unreadable; 2 came again"
    )


def test_json_has_the_counts_and_what_went_wrong(rehearsing, capsys):
    rehearsing(UNREADABLE)
    assert main(["rollback", "rehearse", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["phases"] == [
        {
            "phase": "back, producers first",
            "sent": {"json": 3, "direct": 1},
            "received": 4,
            "seconds": 1.5,
        }
    ]
    assert (found["passed"], found["lost"]) == (False, [])
    assert found["unreadable"] == [
        {"image_id": "two", "error": "UnsupportedFormat", "reason": "no such codec"}
    ]


def test_a_lost_image_is_named_and_the_status_is_one(rehearsing, capsys):
    rehearsing(LOST)
    assert main(["rollback", "rehearse"]) == 1
    assert "lost: one\n" in capsys.readouterr().err


def test_what_was_not_tried_is_told(rehearsing, capsys):
    rehearsing(UNREADABLE)
    main(["rollback", "rehearse"])
    assert "not tried: reference\n" in capsys.readouterr().err
