"""Which forms of images flow: told by the headers of the newest records of each image topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from wildfire_bench.errors import AccessDenied, CorruptData, TopicMissing, UnsupportedFormat
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.model import Envelope, Kind
from wildfire_bench.streaming.receiving.record_reader import StoredRecord, read_topic
from wildfire_bench.streaming.topics import topic_names
from wildfire_bench.streaming.wire import read_envelope

__all__ = ["FlowingForm", "flowing_forms", "forms_of"]

NEWEST_PER_PARTITION = 3
"""Records read of each partition; the whole record comes with its headers."""
MAX_SAMPLE_BYTES = 256 << 20
"""Payload read of one topic, before the sample is taken to be large enough."""
FOREIGN = "foreign"
"""Form of a record that we did not write, or cannot read."""

_FORMS = {Kind.IMAGE: "direct", Kind.CHUNK: "chunked", Kind.JSON: "json", Kind.ITEM: "item"}


@dataclass(frozen=True, slots=True)
class FlowingForm:
    """One form of record in a sample of a topic."""

    form: str
    """``direct``, ``chunked``, ``json``, ``item`` (a catalogue entry), ``reference`` (one whose
    image lies in S3), or ``foreign``."""
    codec: str | None
    """Of the image; None for a foreign record."""
    records: int
    share: float
    """Of the records sampled, 0 to 1."""
    newest: str
    """Time of the newest one, RFC 3339 in UTC."""


def flowing_forms(settings: Settings) -> dict[str, tuple[FlowingForm, ...] | None]:
    """Sample the newest records of every image topic; blocks.

    At most three records of each partition are read, without a group.

    Returns
    -------
    dict
        By topic, the form that came last first; empty for a topic without records, None for one
        that may not be read. Topics that do not exist are left out.

    Raises
    ------
    BrokerUnavailable
        If no broker answers.
    """
    found: dict[str, tuple[FlowingForm, ...] | None] = {}
    for topic in topic_names(settings).images:
        try:
            found[topic] = forms_of(_sample(settings, topic))
        except AccessDenied:
            found[topic] = None
        except TopicMissing:
            continue
    return found


def forms_of(records: Iterable[StoredRecord]) -> tuple[FlowingForm, ...]:
    """Count records by form and codec; the form that came last first."""
    times_ms: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    for record in records:
        times_ms[_form(record)].append(record.timestamp_ms)
    total = sum(map(len, times_ms.values()))
    by_time = sorted(times_ms.items(), key=lambda each: max(each[1]), reverse=True)
    return tuple(
        FlowingForm(form, codec, len(times), len(times) / total, _rfc3339(max(times)))
        for (form, codec), times in by_time
    )


def _sample(settings: Settings, topic: str) -> Iterable[StoredRecord]:
    read_bytes = 0
    for record in read_topic(settings, topic, NEWEST_PER_PARTITION):
        yield record
        read_bytes += len(record.value)
        if read_bytes > MAX_SAMPLE_BYTES:
            return


def _form(record: StoredRecord) -> tuple[str, str | None]:
    try:
        envelope: Envelope = read_envelope(record.headers, record.key)
    except (CorruptData, UnsupportedFormat):
        return FOREIGN, None
    if envelope.kind is Kind.ITEM and envelope.dataref is not None:
        return "reference", envelope.codec
    return _FORMS.get(envelope.kind, FOREIGN), envelope.codec


def _rfc3339(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
