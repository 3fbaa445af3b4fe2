"""Dead letters: what could not be handed over, why, and where it lies.

A dead letter holds coordinates, not copies: its value is a small JSON document that names the
reason and the records, which stay in their topics for as long as these keep them. `replay` reads
them there and sends them again under a new delivery, so that a consumer takes them up anew.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from wildfire_bench.errors import CorruptEnvelope, TransportError, WildfireBenchError
from wildfire_bench.settings import KafkaSettings
from wildfire_bench.streaming.administration.rights import Right, access_denied, is_denial
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.envelope.strict_json import parse_json_object
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.observation.receiving_tally import DeadLetterSnapshot
from wildfire_bench.streaming.sending.lane_client import MAX_RECORD_BYTES

__all__ = ["DeadLetter", "DeadLetterWriter"]

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
MAX_REASON_CHARS = 1_000
MAX_PLACES = 10_000
_MAX_LETTER_BYTES = MAX_RECORD_BYTES
_MAX_PARTITION = (1 << 31) - 1
_MAX_OFFSET = (1 << 63) - 1
_FEWER_PLACES = 100
"""Named by a letter that its topic does not take otherwise."""
_ROOM = MAX_REASON_CHARS - 50
_TYPE = "wildfire.dead-letter.v1"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One record, or all records of one image, that could not be handed over."""

    reason: str
    """What was wrong, in words."""
    error: str
    """Name of the error class, or ``Rejected`` when the caller refused it."""
    places: tuple[RecordPlace, ...]
    image_id: str | None = None
    source_id: str | None = None
    size_bytes: int | None = None
    missing: tuple[int, ...] = ()
    """Chunks that never came."""
    group_id: str = ""
    """Consumer group that gave it up."""
    time: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))
    place: RecordPlace | None = None
    """Where this dead letter itself lies; None before it was written."""

    def encode(self) -> bytes:
        """As the value of a record."""
        document = {
            "format_version": FORMAT_VERSION,
            "reason": self.reason[:MAX_REASON_CHARS],
            "error": self.error,
            "image_id": self.image_id,
            "source_id": self.source_id,
            "size_bytes": self.size_bytes,
            "missing": list(self.missing[:MAX_PLACES]),
            "records": [
                {"topic": place.topic, "partition": place.partition, "offset": place.offset}
                for place in self.places[:MAX_PLACES]
            ],
            "group_id": self.group_id,
            "time": self.time,
        }
        return json.dumps(document, ensure_ascii=False).encode(errors="replace")

    def key(self) -> bytes:
        """Key of its record."""
        return (self.image_id or self.error).encode()

    def headers(self) -> list[tuple[str, str | bytes | None]]:
        """Headers of its record: those of a CloudEvent, and none of ours."""
        first = self.places[0] if self.places else None
        where = f"{first.topic}/{first.partition}/{first.offset}" if first else "nowhere"
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", f"{self.group_id}/{where}".encode()),
            ("ce_source", b"wildfire-bench"),
            ("ce_type", _TYPE.encode()),
            ("ce_time", self.time.encode()),
            ("content-type", b"application/json"),
        ]

    @classmethod
    def decode(cls, value: bytes | None, place: RecordPlace | None = None) -> DeadLetter:
        """Read the value of a record.

        Raises
        ------
        CorruptEnvelope
            If it is not a dead letter.
        """
        document = parse_json_object(value or b"", _MAX_LETTER_BYTES, "dead letter")
        try:
            if document["format_version"] != FORMAT_VERSION:
                msg = f"dead letter has format version {document['format_version']!r}, not 1"
                raise CorruptEnvelope(msg)
            return cls(
                reason=str(document["reason"]),
                error=str(document["error"]),
                places=tuple(_place(at) for at in document["records"]),
                image_id=_text_or_none(document.get("image_id")),
                source_id=_text_or_none(document.get("source_id")),
                size_bytes=_number_or_none(document.get("size_bytes")),
                missing=tuple(int(index) for index in document.get("missing", ())),
                group_id=str(document.get("group_id", "")),
                time=str(document.get("time", "")),
                place=place,
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            msg = f"record is not a dead letter: {type(error).__name__}: {error}"
            raise CorruptEnvelope(msg) from None


def _place(at: Any) -> RecordPlace:
    partition, offset = int(at["partition"]), int(at["offset"])
    if not (0 <= partition <= _MAX_PARTITION and 0 <= offset <= _MAX_OFFSET):
        msg = f"no record lies at partition {partition:.20g}, offset {offset:.20g}"
        raise ValueError(msg)
    return RecordPlace(str(at["topic"]), partition, offset)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _number_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


class DeadLetterWriter:
    """Writes dead letters from a consumer's own thread; never loses one.

    A letter that the broker did not acknowledge is kept and tried again; its records stay
    uncommitted for so long.

    Parameters
    ----------
    kafka
        Connection.
    topic
        Where they go.
    """

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._client: Producer | None = None
        self._retry: list[tuple[DeadLetter, Callable[[], None]]] = []
        self._denied = False
        self.unwritten = 0
        """Letters that are not acknowledged yet."""
        self._written: Counter[str] = Counter()

    def write(self, letter: DeadLetter, written: Callable[[], None]) -> None:
        """Write a letter; `written` is called, in `poll`, once all in-sync replicas have it."""
        log.error("dead letter: %s: %s", letter.image_id or letter.places, letter.reason)
        self.unwritten += 1
        self._produce(letter, written)

    def poll(self) -> None:
        """Serve acknowledgements and try again what failed.

        Raises
        ------
        AccessDenied
            If the brokers deny the right to write dead letters: no trying cures that, and without
            them the consumer cannot go on.
        TransportError
            If the client cannot go on for another reason.
        """
        if self._client is None:
            return
        try:
            self._client.poll(0)
        except KafkaException as error:  # fatal
            # Who may write to no topic at all gets no id as an idempotent producer to begin with.
            self._denied = self._denied or is_denial(error.args[0])
            if not self._denied:
                msg = f"dead letters cannot be written ({error.args[0].str()}): start again"
                raise TransportError(msg) from error
        if self._denied:
            raise access_denied(self._kafka, Right("Write", "topic", self._topic))
        retry, self._retry = self._retry, []
        for letter, written in retry:
            self._produce(letter, written)

    def snapshot(self, group_id: str) -> DeadLetterSnapshot:
        """What was written; from any thread."""
        return DeadLetterSnapshot(group_id, dict(self._written), self.unwritten)

    def close(self, timeout_s: float) -> None:
        """Wait for what is under way."""
        if self._client is not None:
            with suppress(KafkaException):  # fatal: what is not written is not committed either
                self._client.flush(timeout_s)

    def _produce(self, letter: DeadLetter, written: Callable[[], None]) -> None:
        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            if error is None:
                self.unwritten -= 1
                self._written[letter.error] += 1
                written()
            elif is_denial(error):
                self._denied = True
            else:
                log.error("dead letter could not be written, trying again: %s", error.str())
                self._try_again(letter, written, error)

        if self._client is None:
            config = {
                "acks": "all",
                "enable.idempotence": True,
                "delivery.timeout.ms": 10_000,
                "message.max.bytes": MAX_RECORD_BYTES,
            }
            self._client = Producer({**client_config(self._kafka), **config})
        try:
            self._client.produce(
                self._topic,
                value=letter.encode(),
                key=letter.key(),
                headers=letter.headers(),
                on_delivery=on_delivery,
            )
        except BufferError:
            self._retry.append((letter, written))
        except KafkaException as error:
            self._try_again(letter, written, error.args[0])

    def _try_again(
        self, letter: DeadLetter, written: Callable[[], None], error: KafkaError
    ) -> None:
        """Where the topic takes less than the letter, it names fewer records."""
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            few = slice(_FEWER_PLACES)
            places, missing = letter.places[few], letter.missing[few]
            reason = letter.reason
            if places != letter.places:
                reason = f"{reason[:_ROOM]} (names {len(places)} of {len(letter.places):,} records)"
            letter = replace(letter, reason=reason, places=places, missing=missing)
        self._retry.append((letter, written))


def letter_for(
    error: WildfireBenchError | str, places: Sequence[RecordPlace], group_id: str, **about: Any
) -> DeadLetter:
    """A dead letter that tells an error, or the caller's reason for refusing."""
    kind = "Rejected" if isinstance(error, str) else type(error).__name__
    return DeadLetter(str(error), kind, tuple(places), group_id=group_id, **about)
