from __future__ import annotations

import json
import time

import pytest

from tests.streaming.test_kafka_producer import limit_topic
from wildfire_bench.errors import CorruptEnvelope
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.dead_letters import MAX_PLACES, DeadLetter, DeadLetterWriter
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.topics import topic_names

DEADLINE_S = 30.0


def letter_of(**record: object) -> bytes:
    """The value of a letter that names one record."""
    at = {"topic": "t", "partition": 0, "offset": 0} | record
    return json.dumps({"format_version": 1, "reason": "", "error": "", "records": [at]}).encode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        letter_of(offset=float("inf")),
        letter_of(offset=-1),
        letter_of(offset=1 << 63),
        letter_of(partition=-1),
        letter_of(partition=1 << 31),
        letter_of(topic="\ud800"),
    ],
    ids=lambda value: value[:90].decode(errors="replace")[-30:],
)
def test_what_is_no_letter_is_corrupt_and_nothing_worse(value: bytes) -> None:
    with pytest.raises(CorruptEnvelope):
        DeadLetter.decode(value)


def largest_letter(settings: Settings) -> DeadLetter:
    """The largest that is ever written: as many records and chunks as one may name."""
    topic = settings.topic_prefix.ljust(64, "x") + "wildfire-satellite-imagery-chunks"
    places = tuple(RecordPlace(topic, 5, 10**12 + n) for n in range(MAX_PLACES))
    return DeadLetter("r" * 1_000, "IncompleteImage", places, missing=tuple(range(MAX_PLACES)))


def write(settings: Settings, letter: DeadLetter) -> DeadLetter:
    """Write it until it is acknowledged; as it lies there."""
    done: list[bool] = []
    writer = DeadLetterWriter(settings.kafka, topic_names(settings).dead_letters)
    writer.write(letter, lambda: done.append(True))
    deadline = time.monotonic() + DEADLINE_S
    while not done:
        assert time.monotonic() < deadline, f"{writer.unwritten} letter is not written"
        writer.poll()
        time.sleep(0.01)
    (found,) = dead_letters(settings)
    return found


@pytest.mark.integration
def test_the_largest_letter_is_written_whole(topics: Settings) -> None:
    letter = largest_letter(topics)
    found = write(topics, letter)
    assert (found.places, found.missing) == (letter.places, letter.missing)


@pytest.mark.integration
def test_a_letter_larger_than_its_topic_takes_names_fewer_records(topics: Settings) -> None:
    limit_topic(topics, topic_names(topics).dead_letters, 100_000)
    letter = largest_letter(topics)
    found = write(topics, letter)
    assert found.places == letter.places[: len(found.places)]
    assert 0 < len(found.places) < MAX_PLACES
    assert found.reason.endswith(f"(names {len(found.places)} of 10,000 records)")
