"""The dead letters of a set-up: list them, and replay what they name."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from wildfire_bench.errors import CorruptData, InputError, RecordMissing, UnsupportedFormat
from wildfire_bench.settings import Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.receiving.record_reader import (
    StoredRecord,
    partition_ends,
    read_partition,
    read_records,
    read_topic,
)
from wildfire_bench.streaming.sending.lane import ProducerLane, Record
from wildfire_bench.streaming.topics import topic_names
from wildfire_bench.streaming.wire import Headers, read_envelope, write_envelope

__all__ = [
    "MAX_PORTION_LETTERS",
    "Replayed",
    "dead_letters",
    "find_dead_letter",
    "portions_of_dead_letters",
    "replay",
]

MAX_PORTION_LETTERS: Final = 100
"""Dead letters that are held at a time while all are gone through."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay sent again."""

    letter: DeadLetter
    places: tuple[RecordPlace, ...]
    """Where the records lie now."""
    missing: tuple[int, ...]
    """Chunks that were missing then and so are missing still."""


def dead_letters(settings: Settings | None = None) -> Iterator[DeadLetter]:
    """All dead letters that are kept, oldest first; blocks. Foreign records are passed over.

    Raises
    ------
    BrokerUnavailable, TopicMissing
        If there is no answer, or no such topic.
    """
    settings = settings or load_settings().settings
    yield from _decoded(read_topic(settings, topic_names(settings).dead_letters))


def portions_of_dead_letters(settings: Settings) -> Iterator[list[DeadLetter]]:
    """All dead letters that are kept now, for who takes long over them; blocks.

    Nothing is open between portions. Letters written after the start are not among them, such as
    those of what was sent again meanwhile.

    Raises
    ------
    BrokerUnavailable, TopicMissing
        If there is no answer, or no such topic.
    """
    topic = topic_names(settings).dead_letters
    for partition, end in partition_ends(settings, topic).items():
        start = 0
        while start < end:
            with contextlib.closing(
                read_partition(settings, topic, partition, start, end=end)
            ) as records:
                portion = list(islice(records, MAX_PORTION_LETTERS))
            yield list(_decoded(portion))
            start = portion[-1].place.offset + 1 if portion else end


def _decoded(records: Iterable[StoredRecord]) -> Iterator[DeadLetter]:
    for record in records:
        try:
            yield DeadLetter.decode(record.value, record.place)
        except CorruptData:
            continue


def find_dead_letter(settings: Settings, partition: int, offset: int) -> DeadLetter:
    """One dead letter by its coordinates; blocks.

    Raises
    ------
    RecordMissing
        If there is none.
    CorruptEnvelope
        If the record is not a dead letter.
    """
    place = RecordPlace(topic_names(settings).dead_letters, partition, offset)
    (record,) = read_records(settings, [place])
    return DeadLetter.decode(record.value, record.place)


async def replay(letter: DeadLetter, *, settings: Settings | None = None) -> Replayed:
    """Send the records of a dead letter again, as a new delivery, to the topics they came from.

    Consumers that refused or delivered the image before take it up again. An incomplete image
    stays incomplete unless its missing chunks are sent as well: then send the image itself again.

    Raises
    ------
    RecordMissing
        If a record is no longer kept; nothing is sent then.
    InputError
        If a record is none of this system's topics, as in a forged letter; nothing is sent then.
    DeliveryFailed
        If a record was not acknowledged; replay again.
    """
    settings = settings or load_settings().settings
    if not letter.places:
        msg = "the dead letter names no records: send the image again instead"
        raise RecordMissing(msg)
    _refuse_topics_of_others(settings, letter)
    await asyncio.to_thread(_require_all, settings, letter)
    token = uuid.uuid4().hex
    lane = ProducerLane(settings.kafka, settings.kafka_producer)
    places = []
    records = read_records(settings, letter.places)
    try:
        while (record := await asyncio.to_thread(next, records, None)) is not None:
            places.append(await (await lane.produce(_again(record, token))))
    finally:
        await asyncio.to_thread(records.close)
        await lane.stop(settings.kafka_producer.delivery_timeout_s)
    return Replayed(letter, tuple(places), letter.missing)


def _refuse_topics_of_others(settings: Settings, letter: DeadLetter) -> None:
    """Whoever may write letters must not have an operator write to other topics."""
    names = topic_names(settings)
    own = {*names.images, *names.lanes.values()}
    if others := sorted({place.topic for place in letter.places} - own):
        msg = (
            f"the dead letter names records of {', '.join(others)}, which carries neither images "
            "nor small records: nothing was sent; see `wildfire-bench dead-letters show`"
        )
        raise InputError(msg)


def _require_all(settings: Settings, letter: DeadLetter) -> None:
    for _ in read_records(settings, letter.places):
        pass


def _again(record: StoredRecord, token: str) -> Record:
    """The same record under a new delivery; one whose headers are corrupt goes as it is."""
    headers: Headers
    try:
        headers = write_envelope(replace(read_envelope(record.headers, record.key), replay=token))
    except (CorruptData, UnsupportedFormat):
        headers = [(name, value or b"") for name, value in record.headers]
    return Record(
        record.place.topic, record.key or b"", record.value, headers, f"record {record.place}"
    )
