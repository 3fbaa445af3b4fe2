from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.streaming.receiving.image_buffer import BufferBudget


def test_images_lie_in_memory_up_to_the_limit_and_then_in_files(tmp_path: Path) -> None:
    budget = BufferBudget(100, 100, tmp_path)
    found = [budget.allocate(size) for size in (60, 40, 1, 99)]
    assert [buffer is not None and buffer.spilled for buffer in found] == [False, False, True, True]
    assert (budget.memory_bytes, budget.spilled_bytes) == (100, 100)


def test_there_is_no_buffer_past_both_limits(tmp_path: Path) -> None:
    budget = BufferBudget(100, 50, tmp_path)
    assert budget.allocate(101) is None
    assert (budget.memory_bytes, budget.spilled_bytes) == (0, 0)


@pytest.mark.parametrize("memory_bytes", [100, 0])
def test_a_buffer_holds_what_is_written_to_it(tmp_path: Path, memory_bytes: int) -> None:
    buffer = BufferBudget(memory_bytes, 100, tmp_path).allocate(10)
    assert buffer is not None
    buffer.view[2:5] = b"abc"
    assert bytes(buffer.view[2:5]) == b"abc"
    assert (buffer.size_bytes, buffer.spilled) == (10, memory_bytes == 0)


@pytest.mark.parametrize("memory_bytes", [100, 0])
def test_a_released_buffer_makes_room_once_and_stays_readable(
    tmp_path: Path, memory_bytes: int
) -> None:
    budget = BufferBudget(memory_bytes, 100, tmp_path)
    buffer, other = budget.allocate(40), budget.allocate(30)
    assert buffer is not None
    assert other is not None
    buffer.view[:] = b"x" * 40
    buffer.release()
    buffer.release()
    assert budget.memory_bytes + budget.spilled_bytes == 30
    assert bytes(buffer.view) == b"x" * 40


def test_a_spill_file_leaves_no_name_behind(tmp_path: Path) -> None:
    buffer = BufferBudget(0, 100, tmp_path).allocate(10)
    assert buffer is not None
    assert list(tmp_path.iterdir()) == []


def test_a_spill_folder_that_is_not_there_gives_no_buffer_and_holds_no_room(tmp_path: Path) -> None:
    budget = BufferBudget(0, 100, tmp_path / "missing")
    assert budget.allocate(10) is None
    assert budget.spilled_bytes == 0


def test_memory_of_earlier_images_is_used_again_and_counts_towards_the_limit() -> None:
    size = 2 << 20
    budget = BufferBudget(3 * size, 0)
    first, second = budget.allocate(size), budget.allocate(size)
    assert first is not None
    assert second is not None
    first.release()
    second.release()
    del first, second
    assert budget.memory.spare_bytes == 2 * size
    third = budget.allocate(3 * size)
    assert third is not None
    assert (budget.memory_bytes, budget.memory.spare_bytes) == (3 * size, 0)
