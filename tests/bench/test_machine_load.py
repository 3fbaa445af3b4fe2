import pytest

from wildfire_bench.bench.machine_load import (
    MachineTime,
    busy_during_note,
    busy_note,
    machine_time,
    share_of_others,
)


@pytest.mark.parametrize(("load", "said"), [(0.9, False), (1.1, True)])
def test_a_machine_that_was_busy_before_is_noted(load, said):
    assert (busy_note(load, cores=2) is not None) is said


def test_what_is_not_ours_is_the_others():
    before, after = MachineTime(10.0, 100.0), MachineTime(16.0, 110.0)
    assert share_of_others(before, after, ours_s=4.0) == pytest.approx(0.2)


def test_a_stretch_too_short_for_the_clock_tells_nothing():
    now = machine_time()
    assert share_of_others(now, now, 0.0) is None


@pytest.mark.parametrize(
    ("shares", "said"), [([], None), ([0.1] * 5, None), ([0.1, 0.3, 0.5], "30 %")]
)
def test_a_machine_that_was_busy_during_the_run_is_noted(shares, said):
    note = busy_during_note(shares)
    assert (note is None) if said is None else (said in note)
