import pytest

from tests.secured import Secured
from wildfire_bench.bench.rollback.rehearsal import rehearse_rollback
from wildfire_bench.bench.rollback.report import Phase, RollbackReport
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.acl import grant
from wildfire_bench.streaming.administration.rights import Role, rights_of
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.object_store.s3_client import connect_s3

pytestmark = pytest.mark.integration


async def test_every_image_comes_through_while_one_producer_and_one_consumer_go_back_and_forward(
    settings: Settings, secured: Secured
) -> None:
    """With the rights of a verifier, on brokers that deny all others."""
    owner = secured.as_super_user(settings).model_copy(update={"s3": settings.s3})
    verifier = secured.by_password(settings, "verifier")
    grant(open_admin(owner), rights_of(Role.VERIFIER, settings), "User:verifier")
    phases = (Phase.BACK_PRODUCERS_FIRST, Phase.FORWARD_CONSUMERS_FIRST)
    report = await rehearse_rollback(verifier, phases=phases, processes=1)
    assert_all_came_through(report)
    assert {"json", "direct", "chunked", "reference"} == {
        route for step in report.steps for route in step.sent
    }
    assert_nothing_is_left(owner)


@pytest.mark.long
async def test_every_image_comes_through_while_partitions_change_hands_as_well(
    settings: Settings,
) -> None:
    report = await rehearse_rollback(settings)
    assert_all_came_through(report)
    assert [step.phase for step in report.steps] == list(Phase)
    assert all({"json", "direct"} <= step.sent.keys() for step in report.steps), report.steps


def assert_all_came_through(report: RollbackReport) -> None:
    assert (report.faults.none, report.unreadable, report.passed) == (True, (), True)
    assert report.acknowledged >= report.sent > 0
    assert report.not_tried == ()


def assert_nothing_is_left(settings: Settings) -> None:
    admin = open_admin(settings)
    prefix = settings.topic_prefix
    assert [name for name in admin.list_topics().topics if name.startswith(prefix)] == []
    groups = admin.list_consumer_groups().result().valid
    assert [each.group_id for each in groups if each.group_id.startswith(prefix)] == []
    client = connect_s3(settings.s3, 1)
    assert list(client.list_objects(settings.s3.bucket, recursive=True)) == []
    client.close()
