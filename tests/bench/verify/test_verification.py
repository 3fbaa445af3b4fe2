import asyncio

import pytest

from wildfire_bench import KafkaDataProducer
from wildfire_bench.bench.verify import cases, verification
from wildfire_bench.bench.verify.verification import VerifyReport, remove_group, verify
from wildfire_bench.compression import codec_names
from wildfire_bench.settings import RoutingSettings, S3Settings, Settings
from wildfire_bench.stack import open_stack
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.object_store.s3_client import connect_s3

pytestmark = pytest.mark.integration

FORMATS = ("jpeg", "png")


@pytest.fixture
def few(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two formats and thresholds of little images, so that all of it takes seconds."""
    monkeypatch.setattr(cases, "format_names", lambda: FORMATS)
    routing = RoutingSettings(
        direct_max_bytes=100_000, chunked_max_bytes=300_000, chunk_bytes=64 * 1024
    )
    return settings.model_copy(update={"routing": routing})


@pytest.fixture
def report(few: Settings) -> VerifyReport:
    return asyncio.run(verify(few))


def test_everything_is_tried_arrives_as_it_was_sent_and_leaves_nothing_behind(
    few: Settings, report: VerifyReport
) -> None:
    assert [row for row in report.rows if not row.identical] == []
    assert report.identical
    tried = {(row.route, row.format, row.codec) for row in report.rows if row.case == "matrix"}
    binary = set(Route) - {Route.JSON}
    assert tried == {
        *((route, name, codec) for route in binary for name in FORMATS for codec in codec_names()),
        *((Route.JSON, name, codec) for name in FORMATS for codec in ("stored", "gzip", "zstd")),
    }
    assert [(row.case, row.size_bytes, row.route) for row in report.rows[-4:]] == [
        ("direct_max_bytes", 100_000, Route.DIRECT),
        ("direct_max_bytes + 1", 100_001, Route.CHUNKED),
        ("chunked_max_bytes", 300_000, Route.CHUNKED),
        ("chunked_max_bytes + 1", 300_001, Route.REFERENCE),
    ]
    admin = open_admin(few)
    assert not [name for name in admin.list_topics().topics if "verify-" in name]
    groups = admin.list_consumer_groups().result().valid
    assert not [group.group_id for group in groups if few.topic_prefix in group.group_id]
    client = connect_s3(few.s3, 1)
    assert list(client.list_objects(few.s3.bucket, recursive=True)) == []
    client.close()


async def test_without_an_object_store_the_rest_is_tried_and_this_is_told(
    few: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "codec_names", lambda: ("stored",))
    report = await verify(few.model_copy(update={"s3": S3Settings()}))
    assert report.identical
    assert {row.route for row in report.rows} == set(Route) - {Route.REFERENCE}
    assert [told.partition(":")[0] for told in report.not_tried] == [
        "route reference",
        "chunked_max_bytes + 1",
    ]


async def test_what_arrives_otherwise_is_told_with_its_place(
    few: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Altering(KafkaDataProducer):
        async def send_satellite_image(self, image_data, *rest):
            altered = bytearray(image_data)
            altered[1_000] ^= 1
            return await super().send_satellite_image(altered, *rest)

    monkeypatch.setattr(verification, "KafkaDataProducer", Altering)
    monkeypatch.setattr(cases, "codec_names", lambda: ("stored",))
    monkeypatch.setattr(cases, "format_names", lambda: ("jpeg",))
    report = await verify(few, boundaries=False)
    assert not report.identical
    assert {row.error for row in report.rows} == {"the bytes differ from offset 1,000 on"}


def test_where_no_group_ever_was_none_is_waited_for() -> None:
    """The brokers would make the topic of all groups' offsets, and librdkafka not hear of it."""
    with open_stack("embedded", s3=False) as fresh:
        settings = fresh.apply(Settings())
        remove_group(settings, "verify-group")
        assert not open_admin(settings).list_topics(timeout=10).topics
