"""Ctrl-C and SIGTERM: the first asks a command to end what it has begun, the second ends it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = [
    "INTERRUPTED_STATUS",
    "TERMINATED_STATUS",
    "StopEvent",
    "sigterm_interrupts",
    "stop_on_signals",
]

INTERRUPTED_STATUS: Final = 128 + signal.SIGINT
"""Exit status after Ctrl-C, as shells have it."""
TERMINATED_STATUS: Final = 128 + signal.SIGTERM
"""Exit status after SIGTERM, as shells have it."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def sigterm_interrupts() -> Iterator[Callable[[], bool]]:
    """Let the first SIGTERM interrupt a command as Ctrl-C does; the second ends it at once.

    While the context lasts, Ctrl-C is handled also where it was ignored, as in the background
    commands of a script: asyncio cancels its main task only in the place of Python's own handler,
    and an exception that is raised in the middle of its loop instead can leave tasks that wait for
    ever. Outside the main thread, and where SIGTERM is handled or ignored, nothing is changed.

    Yields
    ------
    Callable
        Says whether SIGTERM came.
    """
    came = False

    def on_sigterm(_number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):  # it is ignored for the moment in which a process is started
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield lambda: False
        return
    before = signal.getsignal(signal.SIGINT)
    unhandled = before in {signal.SIG_IGN, signal.SIG_DFL}
    if unhandled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, on_sigterm)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if unhandled:
            signal.signal(signal.SIGINT, before)


class StopEvent(asyncio.Event):
    """Set by the first signal."""

    status: int = 0
    """Exit status that says which signal it was; 0 until one comes."""


@contextmanager
def stop_on_signals() -> Iterator[StopEvent]:
    """Give an event that the first Ctrl-C or SIGTERM sets; the next ends the command.

    To be used inside a running event loop, in the main thread.
    """
    stop = StopEvent()
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before[signal.SIGINT])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, with nothing put away
        stop.status = 128 + number
        loop.call_soon_threadsafe(stop.set)

    for each in _SIGNALS:
        signal.signal(each, on_signal)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
