"""The status API in this process, over a real chunk manager."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from wildfire_bench.monitoring.api import create_api
from wildfire_bench.monitoring.exporter import MetricsExporter
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager

TOKEN = "a-token-of-the-tests"


@pytest.fixture
async def manager() -> AsyncIterator[ImageChunkManager]:
    async with ImageChunkManager(Settings()) as running:
        yield running


@pytest.fixture
def checks() -> dict[str, bool]:
    """What readiness hangs on; a test may change it."""
    return {"brokers": True, "images": True}


@pytest.fixture
def app(manager: ImageChunkManager, checks: dict[str, bool]) -> FastAPI:
    return api_over(manager, checks)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as running:
        yield running


def api_over(
    manager: ImageChunkManager, checks: dict[str, bool], token: str | None = None
) -> FastAPI:
    async def ready() -> dict[str, bool]:
        return checks

    secret = None if token is None else SecretStr(token)
    return create_api(manager, MetricsExporter(), ready=ready, token=secret)


def client_of(app: FastAPI, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)
