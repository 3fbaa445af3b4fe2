from datetime import UTC, datetime, timedelta

import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.dead_letters import DeadLetter, DeadLetterWriter
from wildfire_bench.streaming.model import RecordPlace

pytestmark = pytest.mark.integration


def letter(error, topic, age_h):
    then = datetime.now(UTC) - timedelta(hours=age_h)
    return DeadLetter("it was", error, (RecordPlace(topic, 0, 1),), time=then.isoformat())


def test_none_is_fine(settings, topics):
    found = finding("dead_letters.kept", settings)
    assert (found.severity, found.text) == (Severity.OK, "none")


def test_without_their_topic_it_is_skipped(settings):
    assert finding("dead_letters.kept", settings).severity is Severity.SKIPPED


def test_those_of_images_and_records_are_told_by_reason_age_and_topic(settings, topics):
    lane = topics.lanes[DataType.CRITICAL_ALERTS]
    writer = DeadLetterWriter(settings.kafka, topics.dead_letters)
    for each in (
        letter("IncompleteImage", topics.chunks, 50),
        letter("IncompleteImage", topics.chunks, 10),
        letter("CorruptEnvelope", lane, 3),
    ):
        writer.write(each, lambda: None)
    writer.close(30)
    found = finding("dead_letters.kept", settings)
    assert (found.severity, found.text) == (Severity.WARN, "3 dead letters, 3 h to 2 d old")
    assert found.details == (
        "IncompleteImage: 2",
        "CorruptEnvelope: 1",
        f"from {topics.chunks}: 2",
        f"from {lane}: 1",
    )
