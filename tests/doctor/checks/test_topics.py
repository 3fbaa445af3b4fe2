import pytest

from tests.doctor.examining import alter, finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import CodecChoice, DataType, ProducerSettings, TopicProfileName
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_names, topic_specs

pytestmark = pytest.mark.integration

ALL = ["present", "settings", "retention", "replication", "recompression"]


@pytest.mark.parametrize("name", ALL)
def test_topics_as_they_are_made_are_fine(settings, topics, name):
    assert finding(f"topics.{name}", settings).severity is Severity.OK


def test_without_topics_every_name_is_told_and_the_command(settings):
    found = finding("topics.present", settings)
    assert (found.severity, found.remedy) == (Severity.FAIL, "wildfire-bench topics create")
    assert set(found.details) == {spec.name for spec in topic_specs(settings)}


@pytest.mark.parametrize("name", ALL[1:])
def test_without_topics_there_is_nothing_else_to_say(settings, name):
    assert finding(f"topics.{name}", settings).severity is Severity.SKIPPED


def test_a_wrong_limit_is_told_with_the_command_that_sets_it(settings, topics):
    alter(settings, "TOPIC", topics.binary, max_message_bytes="1048576")
    found = finding("topics.settings", settings)
    assert found.severity is Severity.WARN
    assert found.details == (f"{topics.binary}: max.message.bytes is 1048576, wanted 20971520",)
    assert found.remedy == f"wildfire-bench topics mend --topic {topics.binary}"


def test_too_few_partitions_have_no_command(settings):
    few = [spec for spec in topic_specs(settings) if spec.name == topic_names(settings).chunks]
    ensure_topics(open_admin(settings), [type(few[0])(few[0].name, 1, few[0].config)])
    found = finding("topics.settings", settings)
    assert "partitions is 1, wanted 6" in found.details[0]
    assert found.remedy.startswith("partitions can only be added")


def test_compaction_fails_since_it_removes_chunks(settings, topics):
    alter(settings, "TOPIC", topics.chunks, cleanup_policy="compact")
    found = finding("topics.retention", settings)
    assert (found.severity, "topics mend" in found.remedy) == (Severity.FAIL, True)


def test_a_retention_of_minutes_is_a_warning(settings, topics):
    alter(settings, "TOPIC", topics.binary, retention_ms="60000")
    found = finding("topics.retention", settings)
    assert (found.severity, found.details) == ("warn", (f"{topics.binary}: retention.ms=60000",))


def test_a_topic_that_wants_more_replicas_than_there_are_fails(settings, topics):
    alter(settings, "TOPIC", topics.dead_letters, min_insync_replicas="2")
    found = finding("topics.replication", settings)
    assert found.severity is Severity.FAIL
    assert found.details == (f"{topics.dead_letters}/0: 1 of 1 in sync, min.insync.replicas=2",)


def test_the_guides_topics_are_told_to_recompress(settings):
    guide = settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE})
    ensure_topics(open_admin(guide), topic_specs(guide))
    names = topic_names(guide)
    found = finding("topics.recompression", guide)
    assert found.severity is Severity.WARN
    assert [each.partition(":")[0] for each in found.details] == [names.binary, names.chunks]


def test_a_lane_of_another_codec_than_its_topic_is_told(settings, topics):
    lane = topics.lanes[DataType.WEATHER_BULK]
    alter(settings, "TOPIC", lane, compression_type="lz4")
    (told,) = finding("topics.recompression", settings).details
    assert told == f"{lane}: batches come with compression zstd, the topic has compression.type=lz4"


def test_a_topic_of_the_same_codec_as_its_batches_is_fine(settings, topics):
    alter(settings, "TOPIC", topics.lanes[DataType.NASA_FIRMS], compression_type="gzip")
    rolled_back = settings.model_copy(
        update={
            "kafka_producer": ProducerSettings(compression_type="gzip"),
            "compression_matrix": settings.compression_matrix
            | {DataType.NASA_FIRMS: CodecChoice(codec="zstd", level=3)},
        }
    )
    assert finding("topics.recompression", rolled_back).severity is Severity.OK
