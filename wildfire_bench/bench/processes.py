"""The parent's side of a worker: start it, ask it, and end it, whatever happens."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from wildfire_bench.bench.worker import Command, Failure
from wildfire_bench.errors import BenchmarkError

__all__ = ["Worker", "WorkerFailure"]

END_TIMEOUT_S = 10.0
FAILED_END_TIMEOUT_S = 1.0


class WorkerFailure(BenchmarkError):
    """A command failed in a worker; the message holds the worker's own."""


class Worker:
    """A process that answers commands; use it as a context manager.

    Parameters
    ----------
    name
        Who it is, for messages.
    serve
        What runs in it: a module-level function that takes the pipe's other end.
    """

    def __init__(self, name: str, serve: Callable[[Connection], None]) -> None:
        self.name = name
        self._serve = serve
        self._asked: str | None = None

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=self._serve, args=(theirs,), name=f"bench-{self.name}", daemon=True
        )
        with _sigint_ignored():
            self._process.start()
        theirs.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        # After a failure it may be stuck in the middle of a command: it gets less time to end.
        self._process.join(END_TIMEOUT_S if kind is None else FAILED_END_TIMEOUT_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(END_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(END_TIMEOUT_S)
        self._process.close()

    @property
    def pid(self) -> int:
        """Process id."""
        pid = self._process.pid
        if pid is None:
            msg = f"the {self.name} process was not started"
            raise BenchmarkError(msg)
        return pid

    def ask(self, command: str, **arguments: Any) -> None:
        """Send a command without waiting for its answer."""
        self._asked = command
        try:
            self._pipe.send(Command(command, arguments))
        except OSError as error:
            raise BenchmarkError(self._gone()) from error

    def answer(self, timeout_s: float) -> Any:
        """Wait for the answer to the last command.

        Raises
        ------
        WorkerFailure
            If the command raised in the worker.
        BenchmarkError
            If the worker ended, or does not answer in time.
        """
        started = time.monotonic()
        try:
            answered = self._pipe.poll(timeout_s)
            answer = self._pipe.recv() if answered else None
        except (EOFError, OSError) as error:
            raise BenchmarkError(self._gone()) from error
        if not answered:
            waited_s = time.monotonic() - started
            msg = f"the {self.name} process did not answer {self._asked!r} within {waited_s:.0f} s"
            raise BenchmarkError(msg)
        if isinstance(answer, Failure):
            msg = f"{self.name}: {self._asked} failed: {answer.kind}: {answer.message}"
            raise WorkerFailure(msg)
        return answer

    def call(self, command: str, timeout_s: float, /, **arguments: Any) -> Any:
        """Send a command and wait for its answer; raises what `answer` raises."""
        self.ask(command, **arguments)
        return self.answer(timeout_s)

    def _gone(self) -> str:
        self._process.join(1.0)
        return (
            f"the {self.name} process ended during {self._asked!r} "
            f"(exit status {self._process.exitcode})"
        )


@contextmanager
def _sigint_ignored() -> Iterator[None]:
    """What is started here ignores Ctrl-C from its first moment: it is the parent's to handle."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
