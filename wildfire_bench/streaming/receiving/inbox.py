"""From a consumer's thread into its event loop: what was received, and what was answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from wildfire_bench.streaming.receiving.settlement import Settled

__all__ = ["Inbox"]

T = TypeVar("T")


class Inbox(Generic[T]):
    """Belongs to the event loop that opens it; other threads only use `put` and `do`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[T | BaseException | None] = asyncio.Queue()

    def open(self) -> None:
        """Begin, or begin anew: what is left of before is forgotten."""
        self._loop, self._queue = asyncio.get_running_loop(), asyncio.Queue()

    def put(self, item: T | BaseException) -> None:
        """Leave what was received, or the error that ended the thread; from any thread."""
        self.do(self._queue.put_nowait, item)

    def do(self, function: Callable[..., object], *arguments: Any) -> None:
        """Run something in the event loop, soon; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed without stop()
                self._loop.call_soon_threadsafe(function, *arguments)

    def end(self) -> None:
        """Nothing more comes: whoever waits is told."""
        self._queue.put_nowait(None)

    async def take(self) -> T:
        """Wait for the next.

        Raises
        ------
        StopAsyncIteration
            If nothing more comes.
        BaseException
            What ended the thread.
        """
        found = await self._queue.get()
        if found is None or isinstance(found, BaseException):
            self._queue.put_nowait(found)  # for whoever else waits, and for every later call
            raise StopAsyncIteration if found is None else found
        return found

    async def answer(self, ask: Callable[[Settled], None]) -> None:
        """Ask the thread something and wait for what it says, which may be an error."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ask(lambda error: self.do(_resolve, answer, error))
        await answer


def _resolve(answer: asyncio.Future[None], error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)
