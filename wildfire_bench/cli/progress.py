"""How far a command is: a line that changes on a terminal, one every five seconds elsewhere."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TextIO

__all__ = ["Progress"]

LINE_INTERVAL_S: Final = 5.0
_TERMINAL_INTERVAL_S: Final = 0.1


class Progress:
    """Tells on standard error; nothing at all when a command ends within the first interval.

    Parameters
    ----------
    verb
        What is being done, such as ``sent``.
    total_images, total_bytes
        None where nobody knows them.
    stream
        None for standard error.
    """

    def __init__(
        self,
        verb: str,
        total_images: int | None = None,
        total_bytes: int | None = None,
        stream: TextIO | None = None,
    ) -> None:
        self._verb, self._total_bytes = verb, total_bytes
        self.total_images = total_images
        """None where nobody knows it; may become known on the way."""
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._interval_s = _TERMINAL_INTERVAL_S if self._terminal else LINE_INTERVAL_S
        self._started_s = self._told_s = time.monotonic()
        self._drawn = False
        self._told_images = -1
        self.images = 0
        self.bytes = 0

    def add(self, size_bytes: int) -> None:
        """Count an image, and tell when it is time to."""
        self.images += 1
        self.bytes += size_bytes
        self.look()

    def look(self) -> None:
        """Tell when it is time to, also while one large image takes long."""
        now_s = time.monotonic()
        if now_s - self._told_s >= self._interval_s and (self._terminal or self._is_news()):
            self._told_s, self._told_images = now_s, self.images
            self._tell(now_s)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Keep looking for as long as the context lasts."""

        async def look_on() -> None:
            while True:
                await asyncio.sleep(self._interval_s)
                self.look()

        task = asyncio.create_task(look_on())
        try:
            yield
        finally:
            task.cancel()

    def clear(self) -> None:
        """Take the changing line away, so that another can be printed."""
        if self._drawn:
            print(f"\r{' ' * self._width()}\r", end="", file=self._stream, flush=True)
            self._drawn = False

    def _is_news(self) -> bool:
        """Whether more are here than the last line said, or others are known to be under way."""
        return self.images != self._told_images or self.images < (self.total_images or 0)

    def _tell(self, now_s: float) -> None:
        rate = self.bytes / max(now_s - self._started_s, 1e-9) / 1e6
        images = _of(self.images, self.total_images)
        last = self.images if self.total_images is None else self.total_images
        noun = "image" if last == 1 else "images"
        size = _of(_mb(self.bytes), None if self._total_bytes is None else _mb(self._total_bytes))
        line = f"{self._verb} {images} {noun}, {size} MB, {rate:,.0f} MB/s"
        if self._terminal:
            self.clear()
            print(line[: self._width()], end="", file=self._stream, flush=True)
            self._drawn = True
        else:
            print(line, file=self._stream, flush=True)

    def _width(self) -> int:
        return shutil.get_terminal_size().columns - 1


def _of(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"


def _mb(size_bytes: int) -> int:
    return round(size_bytes / 1e6)
