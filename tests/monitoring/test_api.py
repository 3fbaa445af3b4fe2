"""The status API over a real chunk manager: answers, bounds, hostile ids, token, description."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from schemathesis import Case

from tests.streaming.chunks import chunks_of, limited
from wildfire_bench import SatelliteImageConsumer
from wildfire_bench.monitoring.answers import MAX_IMAGES_LISTED, MAX_LISTED, MAX_MISSING_LISTED
from wildfire_bench.monitoring.api import create_api
from wildfire_bench.monitoring.exporter import MetricsExporter
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager

TOKEN = "0123456789abcdef"
STATUS, REASSEMBLY = "/api/chunk-manager/status", "/api/chunk-manager/reassembly"
GUARDED = (STATUS, f"{REASSEMBLY}/s-1", "/api/status", "/metrics", "/readyz", "/openapi.json")


async def all_is_well() -> Mapping[str, bool]:
    return {"brokers": True}


def client(
    images: object, *, token: str | None = None, ready: object = all_is_well
) -> httpx.AsyncClient:
    app = create_api(
        images,  # type: ignore[arg-type]
        MetricsExporter(),
        ready=ready,  # type: ignore[arg-type]
        token=None if token is None else SecretStr(token),
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://status")


@asynccontextmanager
async def with_images(
    count: int = 1, chunks: int = 4
) -> AsyncIterator[tuple[ImageChunkManager, list[str]]]:
    """A chunk manager that has the first chunk of each of several images."""
    async with ImageChunkManager(limited()) as manager:
        ids = []
        for n in range(count):
            chunk = chunks_of(os.urandom(100 * chunks), 100, partition=n)[0]
            await manager.add_chunk_for_reassembly(chunk)
            ids.append(chunk.envelope.identity.image_id)
        yield manager, ids


async def test_status_sums_up_what_is_in_reassembly() -> None:
    async with with_images() as (manager, (image_id,)), client(manager) as http:
        told = (await http.get(STATUS)).json()
    assert (told["in_flight"], told["images_listed"]) == (1, 1)
    assert told["images"][0]["image_id"] == image_id


async def test_reassembly_tells_what_is_here_and_what_is_missing_and_where_it_lies() -> None:
    async with with_images() as (manager, (image_id,)), client(manager) as http:
        told = (await http.get(f"{REASSEMBLY}/{image_id}")).json()
    assert (told["chunks"], told["received"], told["missing"]) == (4, 1, [1, 2, 3])
    assert (told["size_bytes"], told["received_bytes"]) == (400, 100)
    assert told["records"] == [{"topic": "chunks", "partition": 0, "offset": 0}]
    assert told["age_s"] >= 0


async def test_an_image_that_is_not_in_reassembly_is_not_found_and_told_why() -> None:
    async with with_images() as (manager, _), client(manager) as http:
        answer = await http.get(f"{REASSEMBLY}/s-unknown")
    assert answer.status_code == 404
    assert "dead-letters list" in answer.json()["detail"]


async def test_lists_are_cut_and_the_totals_told() -> None:
    async with (
        with_images(count=MAX_IMAGES_LISTED + 5, chunks=MAX_MISSING_LISTED + 5) as (manager, ids),
        client(manager) as http,
    ):
        told = (await http.get(STATUS)).json()
        one = (await http.get(f"{REASSEMBLY}/{ids[0]}")).json()
    assert (told["in_flight"], told["images_listed"]) == (len(ids), MAX_IMAGES_LISTED)
    assert len(told["images"]) == MAX_IMAGES_LISTED
    assert len(told["images"][0]["missing"]) == MAX_MISSING_LISTED
    assert told["images"][0]["missing_total"] == MAX_MISSING_LISTED + 4
    assert len(one["missing"]) == MAX_MISSING_LISTED + 4 <= MAX_LISTED


@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(image_id=st.one_of(st.text(min_size=1), st.sampled_from(["../../etc/passwd", "%00", "a/b"])))
async def test_a_hostile_id_is_not_found_and_not_repeated(image_id: str) -> None:
    manager = ImageChunkManager(limited())
    path = f"{REASSEMBLY}/{httpx.QueryParams({'': image_id})}".replace("/=", "/")
    async with client(manager) as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"detail"}
    assert answer.headers["content-type"] == "application/json"


async def test_a_consumer_that_does_not_run_is_told_as_unavailable() -> None:
    async with client(SatelliteImageConsumer(group_id="g", settings=Settings())) as http:
        answer = await http.get(STATUS)
    assert (answer.status_code, answer.json().keys()) == (503, {"detail"})


async def test_readiness_names_what_is_missing_while_health_is_well() -> None:
    async def ready() -> Mapping[str, bool]:
        return {"brokers": False, "producer": True}

    async with client(ImageChunkManager(limited()), ready=ready) as http:
        readyz, healthz = await http.get("/readyz"), await http.get("/healthz")
    told = {"ready": False, "checks": {"brokers": False, "producer": True}}
    assert (readyz.status_code, readyz.json()) == (503, told)
    assert (healthz.status_code, healthz.json()) == (200, {"alive": True})


@pytest.mark.parametrize("path", GUARDED)
async def test_a_token_is_asked_for(path: str) -> None:
    async with client(ImageChunkManager(limited()), token=TOKEN) as http:
        without = await http.get(path)
        wrong = await http.get(path, headers={"Authorization": f"Bearer {TOKEN[:-1]}x"})
        right = await http.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (without.status_code, wrong.status_code) == (401, 401)
    assert without.headers["www-authenticate"] == "Bearer"
    assert right.status_code in {200, 404}


async def test_health_needs_no_token() -> None:
    async with client(ImageChunkManager(limited()), token=TOKEN) as http:
        assert (await http.get("/healthz")).status_code == 200


async def test_no_path_writes() -> None:
    async with client(ImageChunkManager(limited())) as http:
        description = (await http.get("/openapi.json")).json()
    assert {method for path in description["paths"].values() for method in path} == {"get"}


async def test_no_page_loads_scripts_from_elsewhere() -> None:
    async with client(ImageChunkManager(limited())) as http:
        pages = [await http.get(path) for path in ("/docs", "/redoc")]
        description = (await http.get("/openapi.json")).text
    assert [page.status_code for page in pages] == [404, 404]
    assert "://" not in description


async def test_an_image_in_two_cuts_is_told_once_with_the_other_counted() -> None:
    image = os.urandom(600)
    whole = chunks_of(image, 100)
    image_id = whole[0].envelope.identity.image_id
    async with ImageChunkManager(limited()) as manager, client(manager) as http:
        for chunk in (*whole[:3], chunks_of(image, 200)[0]):
            await manager.add_chunk_for_reassembly(chunk)
        told = (await http.get(f"{REASSEMBLY}/{image_id}")).json()
    assert (told["received"], told["other_assemblies"]) == (3, 1)


_described = schemathesis.openapi.from_asgi(
    "/openapi.json",
    create_api(ImageChunkManager(limited()), MetricsExporter(), ready=all_is_well),
)


@_described.parametrize()
@hypothesis_settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Case) -> None:
    case.call_and_validate()


async def test_metrics_are_in_the_format_that_they_say() -> None:
    async with client(ImageChunkManager(limited())) as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_sections_are_json_whatever_is_in_them() -> None:
    async with client(ImageChunkManager(limited())) as http:
        assert json.loads((await http.get("/api/status")).text)["sections"] == {}
