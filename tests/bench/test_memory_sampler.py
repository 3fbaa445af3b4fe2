import os
import time
from types import SimpleNamespace

import pytest

from wildfire_bench.bench.memory_sampler import MemorySampler, give_memory_back
from wildfire_bench.bench.probes import ProcessCounter

HELD_BYTES = 64_000_000
PAGE_BYTES = 4_096
DEADLINE_S = 20.0


def own_use(held_bytes):
    """Hold memory while a sampler looks on; what it saw of this process."""
    with MemorySampler({"own": ProcessCounter(os.getpid())}) as sampler:
        held = bytearray(held_bytes)
        held[::PAGE_BYTES] = b"x" * len(held[::PAGE_BYTES])
        end_s = time.monotonic() + DEADLINE_S
        while len(sampler.samples("own")) < 4 and time.monotonic() < end_s:
            time.sleep(0.005)
    return sampler.use("own")


def a_reader(memory_bytes, peak_bytes):
    return SimpleNamespace(
        memory_bytes=lambda: memory_bytes, forget_peak=lambda: None, peak_bytes=lambda: peak_bytes
    )


def test_what_is_held_shows_in_peak_and_mean():
    give_memory_back()
    little, much = own_use(PAGE_BYTES), own_use(HELD_BYTES)
    assert much.peak_bytes - little.peak_bytes > 0.8 * HELD_BYTES
    assert little.mean_bytes < much.mean_bytes <= much.peak_bytes


def test_a_reader_that_cannot_tell_has_no_use():
    with MemorySampler({"elsewhere": a_reader(None, None)}) as sampler:
        pass
    assert sampler.use("elsewhere") is None


@pytest.mark.parametrize(("kernels", "expected"), [(None, 100), (500, 500)])
def test_the_kernels_peak_counts_where_it_is_higher_than_every_sample(kernels, expected):
    with MemorySampler({"known": a_reader(100, kernels)}) as sampler:
        pass
    use = sampler.use("known")
    assert (use.peak_bytes, use.mean_bytes) == (expected, 100)
