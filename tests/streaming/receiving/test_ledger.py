from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.streaming.receiving.ledger import (
    DELIVERED_CAPACITY,
    HANDED_CAPACITY,
    MAX_NOTE_CHARS,
    CommitNote,
    PartitionLedger,
    fingerprint,
)

marks = st.integers(0, 2**64 - 1)


@given(
    position=st.integers(0, 2**63),
    behind=st.lists(marks, max_size=100),
    ahead=st.lists(marks, max_size=100),
    handed=st.lists(marks, max_size=HANDED_CAPACITY),
)
def test_a_note_reads_back_as_it_was_written(
    position: int, behind: list[int], ahead: list[int], handed: list[int]
) -> None:
    note = CommitNote(position, tuple(behind), tuple(ahead), tuple(handed))
    assert CommitNote.decode(note.encode()) == note


def test_the_fullest_note_fits_what_a_broker_takes() -> None:
    many = tuple(range(2**63, 2**63 + 1000))
    assert len(CommitNote(2**63, many, many, many).encode()) <= MAX_NOTE_CHARS


def test_a_full_note_leaves_out_what_will_not_be_read_again_first() -> None:
    ahead = tuple(range(DELIVERED_CAPACITY))
    note = CommitNote(9, tuple(range(5000, 6000)), ahead)
    assert CommitNote.decode(note.encode()).ahead == ahead


@given(text=st.none() | st.text(max_size=200) | st.text(max_size=200).map("wf1:".__add__))
def test_notes_of_others_count_as_empty_or_as_some_note(text: str | None) -> None:
    assert isinstance(CommitNote.decode(text), CommitNote)


def test_the_safe_offset_is_the_start_of_the_first_image_that_is_not_done() -> None:
    ledger = PartitionLedger(10, CommitNote())
    for offset, token in enumerate("abab", start=10):
        ledger.hold(token, offset)
        ledger.read(offset)
    ledger.deliver(2, "b")
    assert ledger.safe_offset == 10
    ledger.deliver(1, "a")
    assert ledger.safe_offset == 14


def test_nothing_is_committed_before_the_first_record_tells_where_the_partition_starts() -> None:
    assert PartitionLedger(-1, CommitNote()).safe_offset == -1


def test_a_partition_that_begins_anew_is_not_committed_where_the_old_one_ended() -> None:
    ledger = PartitionLedger(1000, CommitNote())
    ledger.read(3)
    assert ledger.safe_offset == 4


def restarted(ledger: PartitionLedger) -> PartitionLedger:
    note = CommitNote.decode(ledger.note().encode())
    return PartitionLedger(ledger.safe_offset, note)


def test_after_a_restart_delivered_images_are_known_and_handed_ones_are_marked() -> None:
    ledger = PartitionLedger(0, CommitNote())
    for offset in range(3):
        ledger.hold(offset, offset)
        ledger.read(offset)
    ledger.deliver(101, 1)
    ledger.hand_over(102)
    ledger = restarted(ledger)
    assert ledger.was_delivered(101, 1)
    assert ledger.was_handed(102)
    assert not ledger.was_delivered(100, 0)
    assert not ledger.was_handed(100)


def test_an_image_is_remembered_until_the_last_of_its_records_is_safe() -> None:
    """Its first record is before the safe offset, its last behind an image that is not done."""
    ledger = PartitionLedger(0, CommitNote())
    ledger.hold("delivered", 0)
    ledger.hold("incomplete", 1)
    ledger.read(2)
    ledger.deliver(7, "delivered", last_offset=2)
    assert ledger.note().ahead == (7,)
    ledger = restarted(ledger)
    assert ledger.was_delivered(7, 2)
    ledger.hold("incomplete", 1)
    ledger.read(2)
    assert ledger.note().ahead == (7,)


def test_a_partition_is_full_when_no_more_delivered_images_can_be_remembered() -> None:
    ledger = PartitionLedger(0, CommitNote())
    ledger.hold("incomplete", 0)
    for offset in range(1, DELIVERED_CAPACITY):
        ledger.hold(offset, offset)
        ledger.read(offset)
        ledger.deliver(offset, offset)
    assert not ledger.full
    ledger.deliver(9999, "x")
    assert ledger.full
    ledger.release("incomplete")
    assert not ledger.full


def test_a_full_partition_is_read_again_after_a_restart_and_remembers_everything() -> None:
    ledger = PartitionLedger(0, CommitNote())
    ledger.hold("incomplete", 0)
    ledger.read(0)
    for offset in range(1, DELIVERED_CAPACITY + 1):
        ledger.hold(offset, offset)
        ledger.read(offset)
        ledger.deliver(offset, offset)
    ledger = restarted(ledger)
    assert ledger.full
    assert all(ledger.was_delivered(o, o) for o in range(1, DELIVERED_CAPACITY + 1))


@given(data=st.data())
def test_no_image_is_forgotten_while_it_may_be_read_again(data: st.DataObject) -> None:
    """Any interleaving of arrivals, acknowledgements and restarts, up to the capacity."""
    ledger, done, open_images, offset = PartitionLedger(0, CommitNote()), {}, {}, 0
    for _ in range(data.draw(st.integers(1, 60))):
        action = data.draw(st.sampled_from(["arrive", "ack", "restart"]))
        if action == "arrive":
            ledger.hold(offset, offset)
            ledger.read(offset)
            open_images[offset] = offset
            offset += 1
        elif action == "ack" and open_images:
            token = data.draw(st.sampled_from(sorted(open_images)))
            ledger.deliver(token, token)
            done[token] = open_images.pop(token)
        elif action == "restart":
            safe = ledger.safe_offset
            ledger = restarted(ledger)
            for again in range(safe, offset):
                assert ledger.was_delivered(again, again) == (again in done)
                if again not in done:
                    ledger.hold(again, again)
                ledger.read(again)
    assert ledger.safe_offset == min(open_images, default=offset)


def test_in_a_full_partition_only_the_image_that_makes_room_need_not_wait() -> None:
    ledger = PartitionLedger(0, CommitNote())
    for offset in range(DELIVERED_CAPACITY + 2):
        ledger.hold(offset, offset)
        ledger.read(offset)
    assert not ledger.must_wait(DELIVERED_CAPACITY + 1)
    for offset in range(1, DELIVERED_CAPACITY + 1):
        ledger.deliver(offset, offset)
    assert ledger.must_wait(DELIVERED_CAPACITY + 1)
    assert not ledger.must_wait(0)


def test_a_replay_is_another_delivery() -> None:
    assert fingerprint("a") != fingerprint("a", "token")
