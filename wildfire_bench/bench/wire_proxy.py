"""A TCP proxy that counts every byte between clients and servers, by direction, or paces them.

Kafka clients ask any broker where the others are and then connect there. So the proxy listens once
for each broker and puts its own ports into those answers; nothing else is touched. Ports have a
fixed width, so that every frame keeps its length. It works where brokers are known by a loopback
address and speak without TLS, as those of the stacks here do.

With a rate it stands for a full-duplex link to the servers that all connections share: loopback has
no width, and what is sent costs nothing there but copies.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

from wildfire_bench.errors import BenchmarkError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin

__all__ = ["BURST_S", "LOOPBACK", "Traffic", "WireProxy", "broker_ports"]

START_TIMEOUT_S: Final = 10.0
MAX_FRAME_BYTES: Final = 128 << 20
READ_BYTES: Final = 1 << 18
"""Passed on at a time; a link of 1 Gbit/s takes 2 ms for that."""
BURST_S: Final = 0.005
"""Of its time that a link makes up for where it slept too long: timers are not that exact."""
METADATA_TIMEOUT_S: Final = 10.0
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
_ADDRESS_APIS: Final = frozenset({3, 10, 60})
"""Metadata, FindCoordinator, DescribeCluster: answers that name brokers."""
_LENGTH: Final = 4
_REQUEST_HEAD: Final = 12
"""Length, API key, API version and correlation id."""
_ANSWER_HEAD: Final = 8
"""Length and correlation id."""
_HOST: Final = "127.0.0.1"


@dataclass(slots=True)
class Traffic:
    """Bytes so far, counted as they are read."""

    to_server: int = 0
    from_server: int = 0


class _Pace:
    """One direction of a link: what is passed on arrives when the link would have carried it."""

    def __init__(self, bytes_per_s: float | None) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0

    async def take(self, size_bytes: int) -> None:
        """Wait until so many bytes have passed, after all that came before them."""
        if self._bytes_per_s is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now - BURST_S) + size_bytes / self._bytes_per_s
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


class WireProxy:
    """Listens on loopback in a thread of its own; use it as a context manager.

    Parameters
    ----------
    servers
        Ports of this machine to lead to.
    kafka
        Whether they are brokers, in whose answers the ports are replaced.
    bytes_per_s
        Of the link, in each direction; None for as fast as it goes.
    """

    def __init__(
        self, servers: list[int], *, kafka: bool, bytes_per_s: float | None = None
    ) -> None:
        self.traffic = Traffic()
        self.ports: Mapping[int, int] = {}
        """Port of the proxy by that of the server."""
        self._servers = servers
        self._kafka = kafka
        self._up, self._down = _Pace(bytes_per_s), _Pace(bytes_per_s)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="wire-proxy", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT_S) or not self.ports:
            msg = f"the counting proxy did not listen within {START_TIMEOUT_S:g} s: try again"
            raise BenchmarkError(msg)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(START_TIMEOUT_S)

    @property
    def addresses(self) -> str:
        """Where clients connect: host:port, comma-separated."""
        return ",".join(f"{_HOST}:{port}" for port in self.ports.values())

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        connections: set[asyncio.Task[None]] = set()

        def accepted(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._lead(port, reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        listening = {
            port: await asyncio.start_server(partial(accepted, port), _HOST, 0, limit=READ_BYTES)
            for port in self._servers
        }
        self.ports = {
            port: server.sockets[0].getsockname()[1] for port, server in listening.items()
        }
        self._ready.set()
        await self._end.wait()
        for server in listening.values():
            server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _lead(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Carry one connection until either side closes it."""
        try:
            from_server, to_server = await asyncio.open_connection(_HOST, port, limit=READ_BYTES)
        except OSError:
            writer.close()
            return
        asked: dict[bytes, int] = {}
        up = self._frames_up if self._kafka else self._bytes_up
        down = self._frames_down if self._kafka else self._bytes_down
        tasks = [
            asyncio.ensure_future(up(reader, to_server, asked)),
            asyncio.ensure_future(down(from_server, writer, asked)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for end in (writer, to_server):
                end.close()

    async def _frames_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[bytes, int]
    ) -> None:
        """Requests, piece by piece: length, API key, version, correlation id, and the rest."""
        while True:
            head, left = await _head(reader, _REQUEST_HEAD)
            asked[head[8:12]] = int.from_bytes(head[4:6], "big")
            await self._pass_up(writer, head)
            while left:
                piece = await _piece(reader, left)
                left -= len(piece)
                await self._pass_up(writer, piece)

    async def _frames_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[bytes, int]
    ) -> None:
        """Answers: length, correlation id, and the rest; those that name brokers as a whole."""
        while True:
            head, left = await _head(reader, _ANSWER_HEAD)
            if asked.pop(head[4:8], None) in _ADDRESS_APIS:
                whole = head + await reader.readexactly(left)
                await self._pass_down(writer, self._with_own_ports(whole))
                continue
            await self._pass_down(writer, head)
            while left:
                piece = await _piece(reader, left)
                left -= len(piece)
                await self._pass_down(writer, piece)

    async def _bytes_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _asked: dict[bytes, int]
    ) -> None:
        while piece := await reader.read(READ_BYTES):
            await self._pass_up(writer, piece)

    async def _bytes_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _asked: dict[bytes, int]
    ) -> None:
        while piece := await reader.read(READ_BYTES):
            await self._pass_down(writer, piece)

    async def _pass_up(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        self.traffic.to_server += len(piece)
        await self._up.take(len(piece))
        writer.write(piece)
        await writer.drain()

    async def _pass_down(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        self.traffic.from_server += len(piece)
        await self._down.take(len(piece))
        writer.write(piece)
        await writer.drain()

    def _with_own_ports(self, frame: bytes) -> bytes:
        """An address is its host, then its port in four bytes, whatever the answer's version."""
        for server, own in self.ports.items():
            found = _HOST.encode() + server.to_bytes(4, "big")
            frame = frame.replace(found, _HOST.encode() + own.to_bytes(4, "big"))
        return frame


def broker_ports(settings: Settings) -> list[int]:
    """Ports of all brokers, for a proxy to lead to.

    Raises
    ------
    BenchmarkError
        If they speak TLS or are not on a loopback address.
    """
    if settings.kafka.security_protocol not in {"PLAINTEXT", "SASL_PLAINTEXT"}:
        msg = "the brokers speak TLS, in which a proxy cannot put its own ports"
        raise BenchmarkError(msg)
    found = open_admin(settings).list_topics(timeout=METADATA_TIMEOUT_S).brokers.values()
    elsewhere = {str(broker.host) for broker in found} - LOOPBACK
    if elsewhere:
        msg = f"broker {min(elsewhere)} is not on a loopback address, where a proxy could stand in"
        raise BenchmarkError(msg)
    return [broker.port for broker in found]


async def _head(reader: asyncio.StreamReader, size_bytes: int) -> tuple[bytes, int]:
    """Read the beginning of a frame; and how many bytes follow it."""
    head = await reader.readexactly(size_bytes)
    left = int.from_bytes(head[:_LENGTH], "big") + _LENGTH - size_bytes
    if not 0 <= left <= MAX_FRAME_BYTES:
        msg = f"a frame of {left:,} bytes more, at most {MAX_FRAME_BYTES:,}: it is not Kafka's"
        raise BenchmarkError(msg)
    return head, left


async def _piece(reader: asyncio.StreamReader, most_bytes: int) -> bytes:
    piece = await reader.read(min(most_bytes, READ_BYTES))
    if not piece:
        raise asyncio.IncompleteReadError(b"", most_bytes)
    return piece
