import pytest

from wildfire_bench.errors import TopicMismatch, TransportError
from wildfire_bench.settings import TopicProfileName
from wildfire_bench.stack import open_stack
from wildfire_bench.streaming.administration.topic_admin import describe_topics, ensure_topics
from wildfire_bench.streaming.administration.topic_report import TopicOutcome, require_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_names, topic_specs

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(settings):
    return open_admin(settings)


def outcomes(reports) -> set[TopicOutcome]:
    return {report.outcome for report in reports}


def test_missing_topics_are_created(admin, settings):
    assert outcomes(ensure_topics(admin, topic_specs(settings))) == {TopicOutcome.CREATED}


@pytest.mark.parametrize("profile", list(TopicProfileName))
def test_topics_just_created_are_as_wanted(admin, settings, profile):
    specs = topic_specs(settings.model_copy(update={"topic_profile": profile}))
    ensure_topics(admin, specs)
    assert outcomes(ensure_topics(admin, specs)) == {TopicOutcome.UNCHANGED}


def test_a_topic_of_another_profile_differs_key_by_key(admin, settings):
    guide = topic_specs(settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE}))
    ensure_topics(admin, guide)
    reports = {report.name: report for report in ensure_topics(admin, topic_specs(settings))}
    chunks = reports[topic_names(settings).chunks]
    assert [(each.key, each.wanted, each.found) for each in chunks.differences] == [
        ("compression.type", "producer", "zstd"),
        ("message.timestamp.type", "LogAppendTime", "CreateTime"),
    ]


def test_a_topic_that_differs_is_left_as_it_is(admin, settings):
    guide = topic_specs(settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE}))
    ensure_topics(admin, guide)
    ensure_topics(admin, topic_specs(settings))
    assert outcomes(ensure_topics(admin, guide)) == {TopicOutcome.UNCHANGED}


def test_differences_can_be_made_an_error(admin, settings):
    guide = topic_specs(settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE}))
    ensure_topics(admin, guide)
    with pytest.raises(TopicMismatch, match=r"-binary has compression\.type=zstd instead of"):
        require_topics(ensure_topics(admin, topic_specs(settings)))


def test_other_partitions_are_a_difference(admin, settings):
    spec = topic_specs(settings)[0]
    ensure_topics(admin, [spec])
    wider = type(spec)(spec.name, spec.partitions + 1, spec.config)
    (report,) = ensure_topics(admin, [wider])
    assert [(each.key, each.found) for each in report.differences] == [("partitions", "4")]


def test_more_replicas_than_brokers_are_refused_with_the_reason(admin, settings):
    with pytest.raises(TransportError, match=r"\(1000 replicas\) could not be created"):
        ensure_topics(admin, topic_specs(settings)[:1], replication_factor=1000)


def test_description_shows_partitions_replicas_and_limits(admin, settings):
    ensure_topics(admin, topic_specs(settings))
    (state,) = describe_topics(admin, [topic_names(settings).metadata])
    assert (state.partitions, state.config["max.message.bytes"]) == (4, "1048576")


def test_description_leaves_out_what_does_not_exist(admin):
    assert describe_topics(admin, ["no-such-topic"]) == ()


@pytest.mark.long
def test_three_brokers_hold_three_copies_and_acknowledge_with_two(settings):
    with open_stack("embedded", brokers=3, s3=False) as cluster:
        admin = open_admin(cluster.apply(settings))
        ensure_topics(admin, topic_specs(settings))
        (state,) = describe_topics(admin, [topic_names(settings).binary])
    assert (state.replication_factor, state.config["min.insync.replicas"]) == (3, "2")
