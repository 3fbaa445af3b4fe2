import pytest

from wildfire_bench.bench.run.checks import (
    gzip_takes_over,
    largest_json_image,
    largest_on_route,
    largest_transported,
    reassembly_timeout,
)
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.model import Route


def test_base64_json_of_a_ten_mebibyte_record_holds_three_quarters_of_it():
    assert largest_json_image().value == pytest.approx(0.75 * 10.485760, abs=0.001)


@pytest.mark.parametrize(("route", "limit_mb"), [(Route.DIRECT, 20.0), (Route.CHUNKED, 100.0)])
def test_routes_end_where_the_guide_says(route, limit_mb):
    assert largest_on_route(route).value == limit_mb


def test_an_incomplete_image_is_given_up_after_five_minutes():
    assert reassembly_timeout().value == 300.0


def test_gzip_takes_over_where_zstandard_cannot_be_imported():
    assert gzip_takes_over().value == 1.0


@pytest.mark.integration
def test_an_image_that_arrives_gives_its_size(stack):
    check = largest_transported(stack.apply(Settings()), 300_000)
    assert (check.value, "byte for byte" in check.detail) == (0.3, True)


@pytest.mark.integration
def test_checks_may_be_made_where_an_event_loop_runs(stack):
    import asyncio

    async def in_loop() -> float:
        return largest_transported(stack.apply(Settings()), 300_000).value

    assert asyncio.run(in_loop()) == 0.3
