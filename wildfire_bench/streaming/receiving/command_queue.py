"""What other threads leave for a consumer's own thread to do."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

__all__ = ["Command", "CommandQueue"]

log = logging.getLogger(__name__)

Command = Callable[[], None]


class CommandQueue:
    """Commands run in order, in the thread that calls `run`; none is left behind at the end.

    Whoever waits for the answer to a command would wait for ever if the thread had ended just
    before: after `end`, a command runs where it is put.
    """

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._ended = threading.Event()

    def put(self, command: Command) -> None:
        """Leave a command; from any thread."""
        self._commands.put(command)
        if self._ended.is_set():
            self.finish()

    def run(self, timeout_s: float = 0.0) -> None:
        """Run what is there; if there is nothing, wait so long for something."""
        try:
            if timeout_s > 0:
                self._commands.get(timeout=timeout_s)()
            while True:
                self._commands.get_nowait()()
        except queue.Empty:
            return

    def finish(self) -> None:
        """Run what is there though some of it fails: the thread has failed, or ends."""
        while not self._commands.empty():
            try:
                self.run()
            except Exception:
                log.exception("a command failed while the consumer ended")

    def end(self) -> None:
        """Note that the thread ends, and run what is left."""
        self._ended.set()
        self.finish()
