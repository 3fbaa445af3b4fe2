from typing import Any

import pytest

from wildfire_bench.bench.rollback.history import Faults, History


def told(what: str, at_s: float = 0.0, digest: str = "d", **details: Any) -> dict[str, Any]:
    found = {"what": what, "at_s": at_s, "image_id": "one", "digest": digest, **details}
    return {"route": "direct", "dataref": None, **found}


@pytest.fixture
def history() -> History:
    """One image that was sent, received and acknowledged at second 2."""
    found = History()
    for line in (told("sent"), told("received", 1.0), told("acknowledged", 2.0)):
        found.note(line)
    return found


def test_an_image_that_came_once_is_no_fault(history: History) -> None:
    assert history.faults() == Faults((), (), ())


def test_an_image_that_nobody_acknowledged_is_lost(history: History) -> None:
    history.note(told("sent", image_id="two"))
    history.note(told("received", 3.0, image_id="two"))
    assert history.faults().lost == ("two",)


def test_an_image_of_other_bytes_is_altered(history: History) -> None:
    history.note(told("sent", image_id="two"))
    history.note(told("received", 3.0, "other", image_id="two"))
    history.note(told("acknowledged", 4.0, image_id="two"))
    assert history.faults() == Faults((), ("two",), ())


def test_an_image_that_comes_again_before_its_acknowledgement_is_no_fault(history: History) -> None:
    history.note(told("received", 1.5))
    assert (history.faults().none, history.redelivered) == (True, 1)


def test_an_image_that_comes_again_after_its_acknowledgement_is_repeated(history: History) -> None:
    history.note(told("received", 2.5))
    assert (history.faults().repeated, history.redelivered) == (("one",), 0)


def test_lines_may_come_in_any_order() -> None:
    history = History()
    for line in (told("acknowledged", 2.0), told("received", 1.0), told("sent")):
        history.note(line)
    assert history.faults().none
