from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from wildfire_bench.streaming.recycled_memory import SMALLEST_BYTES, FrozenMemory, RecycledMemory

SIZE = 2 << 20


def address(view: memoryview) -> int:
    return int(np.frombuffer(view, np.uint8).ctypes.data)


def test_memory_that_nobody_holds_serves_the_next_image() -> None:
    memory = RecycledMemory()
    first = memory.take(SIZE)
    where = address(first)
    del first
    assert memory.spare_bytes == SIZE
    second = memory.take(SIZE)
    assert (address(second), memory.spare_bytes) == (where, 0)


@pytest.mark.parametrize(
    "derive",
    [
        lambda view: view.toreadonly()[10:20],
        lambda view: np.frombuffer(view, np.uint8)[10:20],
        lambda view: np.asarray(view).view(np.uint16)[5:],
        lambda view: view.obj[10:20],
        lambda view: view.obj.reshape(2, -1)[1].view(np.uint16),
        lambda view: memoryview(view.obj[10:])[:5],
    ],
    ids=["view", "array", "other type", "owner", "shape", "view of owner"],
)
def test_memory_that_is_seen_in_any_way_is_not_given_out_again(derive) -> None:  # type: ignore[no-untyped-def]
    memory = RecycledMemory()
    view = memory.take(SIZE)
    view[:] = b"a" * SIZE
    seen = derive(view)
    before = bytes(seen)
    del view
    gc.collect()
    assert memory.spare_bytes == 0
    memory.take(SIZE)[:] = b"b" * SIZE
    assert bytes(seen) == before
    del seen
    gc.collect()
    assert memory.spare_bytes == 2 * SIZE


@pytest.mark.parametrize("freeze", [False, True])
def test_memory_that_a_finaliser_rescues_from_a_cycle_is_not_given_out_again(freeze: bool) -> None:
    rescued = []

    class Cycle:
        def __init__(self, view: memoryview) -> None:
            self.view, self.itself = view, self

        def __del__(self) -> None:
            rescued.append(self.view)

    memory = RecycledMemory()
    Cycle(memory.keep(b"a" * SIZE) if freeze else memory.take(SIZE))
    gc.collect()
    assert len(rescued) == 1
    assert memory.spare_bytes == 0
    rescued.clear()
    gc.collect()
    assert memory.spare_bytes == SIZE


def test_no_more_is_kept_than_the_limit_and_what_is_trimmed_goes() -> None:
    memory = RecycledMemory(2 * SIZE)
    held = [memory.take(SIZE) for _ in range(4)]
    del held
    assert memory.spare_bytes == 2 * SIZE
    memory.trim(SIZE)
    assert memory.spare_bytes == SIZE
    memory.take(3 * SIZE)
    assert memory.spare_bytes == SIZE


@pytest.mark.parametrize("size_bytes", [SMALLEST_BYTES, SIZE + 1, 3 * SIZE])
def test_a_block_that_does_not_fit_is_left_for_others(size_bytes: int) -> None:
    memory = RecycledMemory()
    memory.take(SIZE)
    other = memory.take(size_bytes)
    assert len(other) == size_bytes
    assert memory.spare_bytes == SIZE


def test_what_is_kept_is_a_copy_that_cannot_be_changed() -> None:
    memory, data = RecycledMemory(), bytearray(b"a" * SIZE)
    kept = memory.keep(data)
    data[:] = b"b" * SIZE
    assert kept == b"a" * SIZE
    assert kept.readonly
    assert isinstance(kept.obj, FrozenMemory)
    seen = np.asarray(kept.obj)[10:20]
    del kept
    gc.collect()
    assert memory.spare_bytes == 0
    memory.keep(data)
    assert bytes(seen) == b"a" * 10


def test_small_images_are_left_to_the_allocator() -> None:
    memory = RecycledMemory()
    memory.take(SMALLEST_BYTES - 1)
    assert memory.spare_bytes == 0


def test_threads_never_share_a_block() -> None:
    memory, start = RecycledMemory(), threading.Barrier(4)

    def work(number: int) -> bool:
        start.wait()
        good = True
        for _ in range(50):
            view = memory.take(SMALLEST_BYTES)
            view[:] = bytes([number]) * SMALLEST_BYTES
            good &= view[0] == view[-1] == number and view == bytes([number]) * SMALLEST_BYTES
        return good

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
