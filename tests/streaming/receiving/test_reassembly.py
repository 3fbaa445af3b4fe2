from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.streaming.chunks import chunks_of, limited
from wildfire_bench.errors import ImageTooLarge, ReassemblyOverflow
from wildfire_bench.streaming.model import Chunk
from wildfire_bench.streaming.receiving import reassembly as module
from wildfire_bench.streaming.receiving.reassembly import PartitionClock, Reassembly


def reassembly(max_image_bytes: int = 1_000_000, **limits: Any) -> Reassembly:
    settings = limited(max_image_bytes, **limits)
    return Reassembly(settings.kafka_consumer, settings.routing)


def image(number: int, size_bytes: int = 100, **more: Any) -> list[Chunk]:
    return chunks_of(bytes([number]) * size_bytes, 50, **more)


def test_an_image_larger_than_any_may_be_is_refused_and_holds_nothing() -> None:
    found = reassembly(max_image_bytes=99)
    with pytest.raises(ImageTooLarge, match="announces 100 bytes; at most 99"):
        found.admit(image(1)[0], "p", 0)
    assert found.status(lambda _: 0).in_flight == 0


def test_chunks_of_interleaved_images_find_their_own() -> None:
    found = reassembly()
    one, two = image(1), image(2)
    admissions = [found.admit(chunk, "p", 0) for chunk in (one[0], two[1], one[1], two[0])]
    images = [admission.assembly.image_id for admission in admissions]
    assert images == [one[0].image_id, two[0].image_id, one[0].image_id, two[0].image_id]


def test_a_resend_shares_an_assembly_and_one_cut_otherwise_does_not() -> None:
    found = reassembly()
    first = found.admit(image(1)[0], "p", 0)
    again = found.admit(image(1)[0], "p", 0)
    otherwise = found.admit(chunks_of(b"\x01" * 100, 40)[0], "p", 0)
    assert again.assembly is first.assembly
    assert not again.fresh
    assert otherwise.assembly is not first.assembly


def test_replays_and_other_partitions_have_assemblies_of_their_own() -> None:
    found = reassembly()
    found.admit(image(1)[0], "p", 0)
    found.admit(image(1)[0], "q", 0)
    found.admit(image(1, replay="token")[0], "p", 0)
    assert found.status(lambda _: 0).in_flight == 3


def test_the_oldest_incomplete_image_makes_room_when_there_are_too_many() -> None:
    found = reassembly(max_incomplete_images=2)
    oldest = found.admit(image(1)[0], "p", 1).assembly
    found.admit(image(2)[0], "p", 2)
    found.admit(image(3)[0], "p", 3)
    assert found.take_evicted() == (oldest,)
    assert found.take_evicted() == ()
    assert found.status(lambda _: 0).in_flight == 2


def test_images_past_the_memory_spill_and_past_the_disk_the_oldest_makes_room(
    tmp_path: Path,
) -> None:
    found = reassembly(memory_bytes=100, spill_bytes=100, spill_dir=tmp_path)
    oldest = found.admit(image(1)[0], "p", 1).assembly
    spilled = found.admit(image(2)[0], "p", 2).assembly
    assert (oldest.buffer.spilled, spilled.buffer.spilled) == (False, True)
    found.admit(image(3)[0], "p", 3)
    assert found.take_evicted() == (oldest,)
    status = found.status(lambda _: 0)
    assert (status.held_bytes, status.spilled_bytes) == (100, 100)


def test_an_image_whose_chunks_are_all_here_never_makes_room() -> None:
    found = reassembly(max_incomplete_images=1)
    for chunk in image(1):
        found.admit(chunk, "p", 1)
    with pytest.raises(ReassemblyOverflow, match="memory_bytes"):
        found.admit(image(2)[0], "p", 2)


def test_an_image_that_fits_nowhere_is_an_error_after_all_others_made_room(tmp_path: Path) -> None:
    found = reassembly(memory_bytes=100, spill_bytes=1, spill_dir=tmp_path)
    found.admit(image(1)[0], "p", 1)
    with pytest.raises(ReassemblyOverflow, match="no room for"):
        found.admit(image(2, 200)[0], "p", 2)
    assert len(found.take_evicted()) == 1


def test_an_image_expires_after_the_time_out_in_its_own_partition_alone() -> None:
    found = reassembly(reassembly_timeout_s=5)
    late = found.admit(image(1)[0], "p", 1_000).assembly
    found.admit(image(2)[0], "p", 1_001)
    found.admit(image(3)[0], "q", 0)
    assert found.expire("p", 6_000) == ()
    assert found.expire("p", 6_001) == (late,)
    assert found.expire("p", 6_001) == ()


def test_an_image_whose_chunks_are_all_here_does_not_expire() -> None:
    found = reassembly(reassembly_timeout_s=5)
    for chunk in image(1):
        found.admit(chunk, "p", 0)
    assert found.expire("p", 1e9) == ()


def test_a_partition_that_is_taken_away_is_forgotten() -> None:
    found = reassembly()
    found.admit(image(1)[0], "p", 0)
    kept = found.admit(image(2)[0], "q", 0).assembly
    found.drop_scope("p")
    status = found.status(lambda _: 0)
    assert [state.image_id for state in status.images] == [kept.image_id]
    assert status.held_bytes == 100


def test_the_status_sums_up() -> None:
    found = reassembly()
    found.admit(image(1)[0], "p", 1_000)
    found.admit(image(2)[0], "p", 3_000)
    status = found.status(lambda _: 4_000)
    assert (status.in_flight, status.held_bytes, status.oldest_age_s) == (2, 200, 3.0)


class Ticks:
    """A local clock that goes on only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 50.0
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now_s)


def test_a_partition_has_the_time_of_its_latest_record(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, clock = Ticks(monkeypatch), PartitionClock()
    for written_ms in (1_000, 3_000, 2_000):
        clock.observe(written_ms)
        ticks.now_s += 60
    assert clock.now_ms() == 3_000


def test_at_the_end_of_a_partition_the_local_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, clock = Ticks(monkeypatch), PartitionClock()
    clock.observe(1_000)
    clock.at_end()
    ticks.now_s += 2
    clock.at_end()
    assert clock.now_ms() == 3_000


def test_the_local_clock_stands_still_while_fetching_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, clock = Ticks(monkeypatch), PartitionClock()
    clock.observe(1_000)
    clock.at_end()
    clock.suspend()
    ticks.now_s += 60
    assert clock.now_ms() == 1_000
