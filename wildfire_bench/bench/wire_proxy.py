"""A TCP proxy that counts: every byte between clients and servers, by direction.

Kafka clients ask any broker where the others are and then connect there. So the proxy listens once
for each broker and puts its own ports into those answers; nothing else is touched. Ports have a
fixed width, so that every frame keeps its length. It works where brokers are known by a loopback
address and speak without TLS, as those of the stacks here do.
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

__all__ = ["Traffic", "WireProxy"]

START_TIMEOUT_S: Final = 10.0
MAX_FRAME_BYTES: Final = 128 << 20
READ_BYTES: Final = 1 << 18
_ADDRESS_APIS: Final = frozenset({3, 10, 60})
"""Metadata, FindCoordinator, DescribeCluster: answers that name brokers."""
_LENGTH: Final = 4
_HOST: Final = "127.0.0.1"


@dataclass(slots=True)
class Traffic:
    """Bytes so far, counted as they are read."""

    to_server: int = 0
    from_server: int = 0


class WireProxy:
    """Listens on loopback in a thread of its own; use it as a context manager.

    Parameters
    ----------
    servers
        Ports of this machine to lead to.
    kafka
        Whether they are brokers, in whose answers the ports are replaced.
    """

    def __init__(self, servers: list[int], *, kafka: bool) -> None:
        self.traffic = Traffic()
        self.ports: Mapping[int, int] = {}
        """Port of the proxy by that of the server."""
        self._servers = servers
        self._kafka = kafka
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
            port: await asyncio.start_server(partial(accepted, port), _HOST, 0)
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
            from_server, to_server = await asyncio.open_connection(_HOST, port)
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
        """Requests: length, API key, version, correlation id, and the rest."""
        while True:
            frame = await _frame(reader)
            self.traffic.to_server += len(frame)
            asked[frame[8:12]] = int.from_bytes(frame[4:6], "big")
            writer.write(frame)
            await writer.drain()

    async def _frames_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[bytes, int]
    ) -> None:
        """Answers: length, correlation id, and the rest."""
        while True:
            frame = await _frame(reader)
            self.traffic.from_server += len(frame)
            if asked.pop(frame[4:8], None) in _ADDRESS_APIS:
                frame = self._with_own_ports(frame)
            writer.write(frame)
            await writer.drain()

    async def _bytes_up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _asked: dict[bytes, int]
    ) -> None:
        while piece := await reader.read(READ_BYTES):
            self.traffic.to_server += len(piece)
            writer.write(piece)
            await writer.drain()

    async def _bytes_down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _asked: dict[bytes, int]
    ) -> None:
        while piece := await reader.read(READ_BYTES):
            self.traffic.from_server += len(piece)
            writer.write(piece)
            await writer.drain()

    def _with_own_ports(self, frame: bytes) -> bytes:
        """An address is its host, then its port in four bytes, whatever the answer's version."""
        for server, own in self.ports.items():
            found = _HOST.encode() + server.to_bytes(4, "big")
            frame = frame.replace(found, _HOST.encode() + own.to_bytes(4, "big"))
        return frame


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Read one frame, its length before it."""
    head = await reader.readexactly(_LENGTH)
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME_BYTES:
        msg = f"a frame of {length:,} bytes, at most {MAX_FRAME_BYTES:,}: it is not Kafka's"
        raise BenchmarkError(msg)
    return head + await reader.readexactly(length)
