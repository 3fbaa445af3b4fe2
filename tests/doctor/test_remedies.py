"""What the doctor says mends a set-up does: the command is taken from the finding and run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.doctor.examining import alter, finding
from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer, Route
from wildfire_bench.cli import main
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import KafkaSettings, RoutingSettings, Settings, TopicProfileName
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.administration.topic_admin import describe_topics, ensure_topics
from wildfire_bench.streaming.connection import client_config, open_admin
from wildfire_bench.streaming.topics import topic_specs

pytestmark = pytest.mark.integration

COMMAND = re.compile(r"((?:\w+=\w+ )*)(wildfire-bench [^,;`]*)")


@pytest.fixture
def mend(settings, monkeypatch, tmp_path):
    """Run the command of a finding, as in the shell of the person who reads it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_TOPIC_PREFIX", settings.topic_prefix)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)

    def run(found, *more: str) -> None:
        assert found.severity in {Severity.WARN, Severity.FAIL}, found
        variables, command = COMMAND.search(found.remedy).groups()
        for each in variables.split():
            monkeypatch.setenv(*each.split("="))
        _, *arguments = shlex.split(command)
        assert main([*arguments, *more]) == 0

    return run


def test_missing_topics_are_made(settings, mend):
    mend(finding("topics.present", settings))
    assert finding("topics.present", settings).severity is Severity.OK


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        ("topics.settings", {"max_message_bytes": "1048576"}),
        ("topics.retention", {"cleanup_policy": "compact"}),
        ("topics.retention", {"retention_ms": "60000"}),
        ("topics.replication", {"min_insync_replicas": "2"}),
        ("topics.recompression", {"compression_type": "gzip"}),
    ],
    ids=lambda each: each if isinstance(each, str) else next(iter(each)),
)
def test_a_wrong_setting_of_a_topic_is_mended(settings, topics, mend, check, broken):
    alter(settings, "TOPIC", topics.binary, **broken)
    mend(finding(check, settings))
    assert finding(check, settings).severity is Severity.OK


def test_the_guides_topics_are_mended_with_the_profile(settings, mend):
    guide = settings.model_copy(update={"topic_profile": TopicProfileName.GUIDE})
    ensure_topics(open_admin(guide), topic_specs(guide))
    mend(finding("topics.recompression", guide))
    profile = load_settings().settings.topic_profile  # as the remedy has set it
    mended = settings.model_copy(update={"topic_profile": profile})
    assert finding("topics.recompression", mended).severity is Severity.OK


def test_mending_one_topic_leaves_the_others(settings, topics, mend):
    alter(settings, "TOPIC", topics.binary, max_message_bytes="1048576")
    wrong = finding("topics.settings", settings)
    alter(settings, "TOPIC", topics.json, max_message_bytes="1048576")
    mend(wrong)
    states = describe_topics(open_admin(settings), [topics.binary, topics.json])
    assert [each.config["max.message.bytes"] for each in states] == ["20971520", "1048576"]


def test_low_limits_of_the_brokers_are_raised(settings, topics, mend):
    brokers = [str(each) for each in open_admin(settings).list_topics(timeout=10).brokers]
    for broker in brokers:
        alter(settings, "BROKER", broker, message_max_bytes="1048588")
    mend(finding("brokers.limits", settings))
    assert finding("brokers.limits", settings).severity is Severity.OK


async def test_a_missing_bucket_is_made_by_the_first_upload(settings, topics):
    assert finding("s3.bucket", settings).severity is Severity.WARN
    routing = RoutingSettings(direct_max_bytes=1, chunked_max_bytes=1)
    small = settings.model_copy(update={"routing": routing})
    async with KafkaDataProducer(settings=small) as producer:
        sent = await producer.send_satellite_image(
            image_data=picture(4096), metadata={}, source_id="landsat_nrt"
        )
    assert sent.route is Route.REFERENCE
    assert finding("s3.bucket", settings).severity is Severity.OK


def test_a_wrong_key_is_mended_by_the_right_one(settings):
    with_key = {"secret_key": "not-the-key"}
    wrong = Settings.model_validate(
        settings.model_dump() | {"s3": settings.s3.model_dump() | with_key}
    )
    assert "S3_SECRET_KEY" in finding("s3.bucket", wrong).remedy
    assert finding("s3.bucket", settings).severity is not Severity.FAIL


async def test_a_group_that_lags_is_mended_by_the_receiver_that_is_named(settings, topics, mend):
    async with KafkaDataProducer(settings=settings) as producer:
        sent = await producer.send_satellite_image(
            image_data=picture(4096), metadata={}, source_id="landsat_nrt"
        )
    group = f"{settings.topic_prefix}burn-scars"
    consumer = Consumer({**client_config(settings.kafka), "group.id": group})
    at = TopicPartition(sent.places[0].topic, sent.places[0].partition, 0)
    consumer.commit(offsets=[at], asynchronous=False)
    consumer.close()
    late = finding("groups.lag", settings)
    # In a process of its own, since the command has an event loop of its own.
    program = Path(sys.executable).with_name("wildfire-bench")
    _, *arguments = shlex.split(COMMAND.search(late.remedy)[2])
    subprocess.run([program, *arguments, "--max", "1"], check=True, timeout=60)
    assert finding("groups.lag", settings).severity is Severity.OK


def test_brokers_that_are_down_are_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    down = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1", connect_timeout_s=0.5))
    remedy = finding("brokers.reachable", down).remedy
    assert main(shlex.split(COMMAND.search(remedy)[2])[1:]) == 0
    try:
        assert main(["doctor", "--only", "brokers.reachable"]) == 0
    finally:
        main(["stack", "down"])
