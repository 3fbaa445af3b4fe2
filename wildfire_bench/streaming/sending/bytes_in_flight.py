"""Back-pressure of sending: how many bytes may wait for acknowledgement."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["BytesInFlight"]


class BytesInFlight:
    """Back-pressure in bytes: a turn is given in order of asking, and only when there is room.

    A record larger than the limit travels alone. Used from one event loop.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def held_bytes(self) -> int:
        """Bytes that wait for acknowledgement."""
        return self._held

    async def take(self, size_bytes: int) -> None:
        """Wait until there is room, then hold it."""
        if not self._waiting and self._fits(size_bytes):
            self._held += size_bytes
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size_bytes, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._let_in()
            else:
                self.give_back(size_bytes)
            raise

    def give_back(self, size_bytes: int) -> None:
        """Return what was held, and let the next ones in."""
        self._held -= size_bytes
        self._let_in()

    def _let_in(self) -> None:
        """Give turns while there is room, past those who gave up waiting."""
        while self._waiting:
            size, turn = self._waiting[0]
            if turn.cancelled():
                self._waiting.popleft()
                continue
            if not self._fits(size):
                return
            self._waiting.popleft()
            self._held += size
            turn.set_result(None)

    def _fits(self, size_bytes: int) -> bool:
        return self._held == 0 or self._held + size_bytes <= self._limit
