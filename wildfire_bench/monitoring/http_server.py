"""An ASGI application on a socket, in the event loop of its owner."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import uvicorn

from wildfire_bench.errors import AddressUnavailable, ServiceError, SettingsError
from wildfire_bench.settings import ServiceSettings
from wildfire_bench.streaming.start_stop import StartStop

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["MAX_CONNECTIONS", "HttpServer", "require_protection"]

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 64
"""Connections at a time; more are answered with 503."""
_KEEP_ALIVE_S: Final = 5
_STOP_S: Final = 3
_BACKLOG: Final = 128


class HttpServer(StartStop):
    """Serves an application; signals are left to the program.

    Parameters
    ----------
    app
        What to serve.
    settings
        Where to listen.

    Raises
    ------
    SettingsError
        If others could reach it and neither a token nor ``service.unprotected`` is set.
    """

    def __init__(self, app: FastAPI, settings: ServiceSettings) -> None:
        require_protection(settings)
        self._settings = settings
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_STOP_S,
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self.url = ""
        """Where it listens, once started."""

    async def start(self) -> None:
        """Listen and serve.

        Raises
        ------
        AddressUnavailable
            If the port is taken or the address is none of this machine.
        """
        if self._serving is not None:
            return
        listener = _listen(self._settings.host, self._settings.port)
        port = listener.getsockname()[1]
        shown = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        self.url = f"http://{shown}:{port}"
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        log.info("Status API at %s", self.url, extra={"url.full": self.url})

    async def wait_for_failure(self) -> None:
        """Wait as long as it serves.

        Raises
        ------
        ServiceError
            If it ended without being stopped.
        """
        serving = self._serving
        if serving is not None:
            await asyncio.shield(serving)
        if self._serving is serving:
            msg = "the status API ended by itself: the log before this line says why"
            raise ServiceError(msg)

    async def stop(self) -> None:
        """Finish the answers under way, a few seconds at most, and close."""
        serving, self._serving = self._serving, None
        if serving is not None:
            self._server.should_exit = True
            await serving


def require_protection(settings: ServiceSettings) -> None:
    """Refuse an address that others can reach without a token, unless that is asked for.

    Raises
    ------
    SettingsError
        If so; names both settings.
    """
    if settings.token is not None or _is_loopback(settings.host):
        return
    if settings.unprotected:
        log.warning(
            "the status API listens on %s without a token: whoever reaches it can read it",
            settings.host,
        )
        return
    msg = (
        f"service.host {settings.host} can be reached from other machines: set "
        "WILDFIRE_SERVICE_TOKEN, or WILDFIRE_SERVICE_UNPROTECTED=true where something else keeps "
        "others out"
    )
    raise SettingsError(msg)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        msg = (
            f"cannot listen on {host}:{port}: {error.strerror or error}: set another "
            "WILDFIRE_SERVICE_PORT or WILDFIRE_SERVICE_HOST, or stop what listens there"
        )
        raise AddressUnavailable(msg) from error


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the program has its own way to end."""
        yield
