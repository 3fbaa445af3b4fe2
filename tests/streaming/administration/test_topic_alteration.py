import pytest

from tests.doctor.examining import alter
from wildfire_bench.settings import TopicProfileName
from wildfire_bench.streaming.administration.topic_admin import describe_topics, ensure_topics
from wildfire_bench.streaming.administration.topic_alteration import alter_topics
from wildfire_bench.streaming.administration.topic_report import TopicDifference, TopicOutcome
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import TopicSpec, topic_names, topic_specs

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(settings):
    return open_admin(settings)


def test_without_topics_nothing_is_made(admin, settings):
    assert alter_topics(admin, topic_specs(settings)) == ()
    assert describe_topics(admin, [spec.name for spec in topic_specs(settings)]) == ()


def test_the_guides_topics_become_the_tuned_ones(admin, settings):
    guide = settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE})
    ensure_topics(admin, topic_specs(guide))
    altered = alter_topics(admin, topic_specs(settings))
    names = topic_names(settings)
    assert {each.name for each in altered if each.outcome is TopicOutcome.ALTERED} == {
        names.binary,
        names.chunks,
    }
    again = ensure_topics(admin, topic_specs(settings))
    assert {each.outcome for each in again} == {TopicOutcome.UNCHANGED}


def test_what_it_was_before_is_told(admin, settings):
    ensure_topics(admin, topic_specs(settings))
    name = topic_names(settings).binary
    alter(settings, "TOPIC", name, max_message_bytes="1048576")
    (told,) = [each for each in alter_topics(admin, topic_specs(settings)) if each.differences]
    assert told.differences == (TopicDifference("max.message.bytes", "20971520", "1048576"),)


def test_partitions_are_told_and_left_though_the_rest_is_altered(admin, settings):
    (wanted,) = [s for s in topic_specs(settings) if s.name == topic_names(settings).chunks]
    ensure_topics(admin, [TopicSpec(wanted.name, 1, {"max.message.bytes": "1048576"})])
    (told,) = alter_topics(admin, [wanted])
    assert (told.outcome, told.differences) == (
        TopicOutcome.DIFFERS,
        (TopicDifference("partitions", "6", "1"),),
    )
    (state,) = describe_topics(admin, [wanted.name])
    assert (state.partitions, state.config["max.message.bytes"]) == (1, "10485760")


def test_a_retention_is_set_where_the_specification_says_none(admin, settings):
    ensure_topics(admin, topic_specs(settings))
    names = topic_names(settings)
    alter_topics(admin, topic_specs(settings), retention_ms=7_200_000)
    states = describe_topics(admin, [names.binary, names.dead_letters])
    assert [each.config["retention.ms"] for each in states] == ["7200000", "2592000000"]
