import pytest
from confluent_kafka import TopicPartition

from tests.streaming.raw_records import RawRecord, put
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.receiving import record_reader
from wildfire_bench.streaming.receiving.record_reader import partition_ends, read_partition
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

RECORDS = [RawRecord(b"k", b"%d" % n + b"x" * 8_000, ()) for n in range(20)]


@pytest.fixture
def topic(topics: Settings) -> str:
    """A topic with records in one partition."""
    name = topic_names(topics).binary
    for record in RECORDS:
        put(topics, name, [record])  # each a batch of its own, as a fetch gives batches whole
    return name


@pytest.fixture
def partition(topics: Settings, topic: str) -> int:
    """The partition in which they are."""
    (found,) = (number for number, end in partition_ends(topics, topic).items() if end)
    return found


def offsets(records) -> list[int]:
    return [record.place.offset for record in records]


def test_each_partition_has_an_end(topics: Settings, topic: str, partition: int) -> None:
    ends = partition_ends(topics, topic)
    assert (len(ends), sum(ends.values()), ends[partition]) == (8, 20, 20)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(0, 3, [0, 1, 2]), (3, 5, [3, 4]), (18, 99, [18, 19]), (4, 4, []), (20, None, [])],
)
def test_a_partition_is_read_up_to_before_the_end_that_is_wanted(
    topics: Settings, topic: str, partition: int, start: int, end: int | None, found: list[int]
) -> None:
    assert offsets(read_partition(topics, topic, partition, start, end=end)) == found


def test_records_that_are_dropped_while_a_partition_is_read_are_passed_over(
    topics: Settings, topic: str, partition: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_a_time = {
        **record_reader.reading_config(topics),
        "queued.max.messages.kbytes": 1,
        "fetch.message.max.bytes": 1_000,
    }
    monkeypatch.setattr(record_reader, "reading_config", lambda _: one_at_a_time)
    records = read_partition(topics, topic, partition)
    first = next(records)
    admin = open_admin(topics)
    (dropped,) = admin.delete_records([TopicPartition(topic, partition, 15)]).values()
    dropped.result(30)
    rest = offsets(records)
    assert first.place.offset == 0
    assert rest[-5:] == [15, 16, 17, 18, 19]
    assert len(rest) < 15
