"""SIGTERM ends a command as Ctrl-C does: what it made for the time being is put away first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["TERMINATED_STATUS", "interrupted_by_sigterm"]

TERMINATED_STATUS: Final = 143
"""Exit status after SIGTERM, as shells have it."""


@contextmanager
def interrupted_by_sigterm() -> Iterator[Callable[[], bool]]:
    """Turn the first SIGTERM into an interruption; the second ends the process at once.

    Commands with an end of their own (`wildfire_bench.cli.interruption.stop_on_signals`) go before
    it. Outside the main thread, and where SIGTERM is ignored, nothing is changed.

    Yields
    ------
    Callable
        Says whether SIGTERM came.
    """
    came = False

    def on_signal(_number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # asyncio has a handler of its own while a loop runs. There is none for a command that a
        # script put into the background: shells let those ignore Ctrl-C.
        interrupt = signal.getsignal(signal.SIGINT)
        if not callable(interrupt):
            raise KeyboardInterrupt
        interrupt(signal.SIGINT, frame)

    before = signal.getsignal(signal.SIGTERM)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or before is not signal.SIG_DFL:
        yield lambda: False
        return
    signal.signal(signal.SIGTERM, on_signal)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGTERM, before)
