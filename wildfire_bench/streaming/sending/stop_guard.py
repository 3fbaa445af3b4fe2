"""What a send says when `stop` overtakes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from wildfire_bench.errors import DeliveryFailed

__all__ = ["failing_when_stopped"]


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
