"""What a send says when `stop` overtakes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from wildfire_bench.errors import DeliveryFailed

__all__ = ["SendsUnderWay", "failing_when_stopped"]


class SendsUnderWay:
    """Names what is being sent, whatever its stage, so that `stop` can say what it overtook."""

    def __init__(self) -> None:
        self._names: dict[object, str] = {}
        self._overtaken: list[str] = []
        self._stopping = False

    @contextlib.contextmanager
    def naming(self, what: str) -> Iterator[Callable[[str], None]]:
        """Name a send for as long as it takes; gives a function that names it better."""
        token = object()
        self._names[token] = what

        def rename(better: str) -> None:
            self._names[token] = better

        try:
            yield rename
        except BaseException:
            if self._stopping:
                self._overtaken.append(self._names[token])
            raise
        finally:
            del self._names[token]

    def stop(self) -> None:
        """From now on a send that fails counts as overtaken."""
        self._stopping = True

    @property
    def unsent(self) -> tuple[str, ...]:
        """Names of the sends that failed since `stop`, or have not ended."""
        return (*self._overtaken, *self._names.values())


@contextlib.contextmanager
def failing_when_stopped(stopped: Callable[[], bool], what: str) -> Iterator[None]:
    """Turn what a closed pool of threads raises into an error that says what happened.

    Its futures are cancelled, and the task that waits for one would look as if somebody had
    cancelled it, though nobody did. A cancellation by the caller stays one.

    Parameters
    ----------
    stopped
        Whether `stop` was called meanwhile.
    what
        What was being sent.

    Raises
    ------
    DeliveryFailed
        If it was; sending again is safe.
    """
    try:
        yield
    except (RuntimeError, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if not stopped() or (task is not None and task.cancelling()):
            raise
        msg = f"{what} was not sent before stop(); it may be sent again"
        raise DeliveryFailed(msg) from error
