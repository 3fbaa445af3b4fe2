"""Ctrl-C and SIGTERM: the first asks a command to end what it has begun, the second ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["INTERRUPTED_STATUS", "stop_on_signals"]

INTERRUPTED_STATUS: Final = 130
"""Exit status after Ctrl-C, as shells have it."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Give an event that the first Ctrl-C or SIGTERM sets; the next has its usual effect.

    To be used inside a running event loop, in the main thread.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(stop.set)

    for each in _SIGNALS:
        signal.signal(each, on_signal)
    try:
        yield stop
    finally:
        restore()
