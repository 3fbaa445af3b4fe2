import asyncio
import json

import pytest

from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer
from wildfire_bench.cli import main
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration


@pytest.fixture
def topics(settings, monkeypatch, capsys, tmp_path):
    """Run ``wildfire-bench topics ...`` on the stack; gives exit status and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_TOPIC_PREFIX", settings.topic_prefix)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)

    def run(*arguments: str) -> tuple[int, str]:
        status = main(["topics", *arguments])
        return status, capsys.readouterr().out

    return run


def test_create_says_created_then_unchanged(topics):
    first, second = topics("create"), topics("create")
    assert [(status, set(out.split()[::2])) for status, out in (first, second)] == [
        (0, {"created"}),
        (0, {"unchanged"}),
    ]


def test_create_shows_differences_and_ends_with_status_one(topics):
    topics("create", "--profile", "guide")
    status, out = topics("create", "--profile", "tuned")
    assert (status, "compression.type is zstd, wanted producer" in out) == (1, True)


def test_create_reports_as_json(topics):
    _, out = topics("create", "--json")
    assert {each["outcome"] for each in json.loads(out)} == {"created"}


def test_describe_names_what_is_missing(topics, settings):
    _, out = topics("describe", "--json")
    assert f"{settings.topic_prefix}wildfire-dead-letters" in json.loads(out)["missing"]


def test_describe_shows_settings_of_what_exists(topics, settings):
    topics("create")
    _, out = topics("describe", "--json")
    sizes = {
        each["name"]: each["config"]["max.message.bytes"] for each in json.loads(out)["topics"]
    }
    assert sizes[f"{settings.topic_prefix}wildfire-satellite-imagery-binary"] == "20971520"


def test_describe_tells_which_forms_of_images_flow(topics, settings):
    topics("create")
    asyncio.run(send_one(settings))
    _, told = topics("describe")
    (line,) = [line for line in told.splitlines() if "flows: direct" in line]
    assert line.startswith("    flows: direct zstd, 100% of 1 sampled, newest 2")
    _, as_json = topics("describe", "--json")
    flows = {each["name"]: each["flows"] for each in json.loads(as_json)["topics"]}
    (form,) = flows[topic_names(settings).binary]
    assert (form["form"], form["codec"], form["records"]) == ("direct", "zstd", 1)
    assert flows[topic_names(settings).json] == []


async def send_one(settings):
    async with KafkaDataProducer(settings=settings) as producer:
        await producer.send_satellite_image(picture(9_000), {}, "s")


def test_limits_are_shown_for_brokers_and_topics(topics, settings):
    topics("create")
    _, out = topics("limits", "--json")
    limits = json.loads(out)
    assert limits["socket_request_max_bytes"] == 104_857_600
    assert limits["topics"][f"{settings.topic_prefix}wildfire-satellite-imagery-json"] == 52_428_800


def test_limits_raise_explains_what_is_read_only(topics):
    _, out = topics("limits", "--raise", "--max-bytes", "104857601")
    assert "socket.request.max.bytes" in out
    assert out.count("read-only while a broker runs") == 2


def test_mend_alters_what_differs_and_says_what_it_was(topics):
    topics("create", "--profile", "guide")
    status, out = topics("mend")
    assert (status, "compression.type was zstd, wanted producer" in out) == (0, True)
    assert topics("create")[0] == 0


def test_mend_refuses_a_topic_that_is_not_ours(topics):
    assert topics("mend", "--topic", "somebody-elses")[0] == 2
