from __future__ import annotations

from wildfire_bench.bench.new_memory import NewMemory, measure_new_memory, new_memory_note


def test_memory_that_costs_much_more_when_it_was_not_in_use_is_noted() -> None:
    note = new_memory_note(NewMemory(unused=0.9, used=0.1))
    assert note is not None
    assert "0.90 ms a MB here, and 0.10 ms" in note


def test_memory_that_costs_much_the_same_is_no_news() -> None:
    assert new_memory_note(NewMemory(unused=0.15, used=0.1)) is None


def test_touching_memory_takes_time() -> None:
    found = measure_new_memory()
    assert min(found.unused, found.used) > 0
