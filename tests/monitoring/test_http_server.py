"""The server listens where it may, and says why where it cannot."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from wildfire_bench.errors import AddressUnavailable, ServiceError, SettingsError
from wildfire_bench.monitoring.http_server import HttpServer, require_protection
from wildfire_bench.settings import ServiceSettings

TOKEN = SecretStr("a-token-of-the-tests")


def free() -> ServiceSettings:
    return ServiceSettings(port=0)


async def test_it_answers_until_it_is_stopped(app: FastAPI) -> None:
    async with HttpServer(app, free()) as server, httpx.AsyncClient() as client:
        url = server.url
        assert (await client.get(f"{url}/healthz")).status_code == 200
        assert "server" not in (await client.get(f"{url}/healthz")).headers
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/healthz")


async def test_a_taken_port_is_told_with_what_to_set(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ServiceSettings(port=taken.getsockname()[1])
        with pytest.raises(AddressUnavailable, match="WILDFIRE_SERVICE_PORT"):
            await HttpServer(app, settings).start()


async def test_an_end_that_nobody_asked_for_is_an_error(app: FastAPI) -> None:
    async with HttpServer(app, free()) as server:
        server._server.should_exit = True
        with pytest.raises(ServiceError, match="ended by itself"):
            await asyncio.wait_for(server.wait_for_failure(), 10)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    require_protection(ServiceSettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example"])
def test_what_others_reach_needs_a_token_or_a_word(host: str) -> None:
    with pytest.raises(SettingsError, match="WILDFIRE_SERVICE_TOKEN"):
        require_protection(ServiceSettings(host=host))
    require_protection(ServiceSettings(host=host, token=TOKEN))
    require_protection(ServiceSettings(host=host, unprotected=True))


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        ServiceSettings(token=SecretStr("short"))
