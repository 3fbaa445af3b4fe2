"""The kernels that notebooks run in: quiet, and ended with the run that Ctrl-C ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Final

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop

__all__ = ["QuietKernelManager", "run_interruptibly"]

INTERRUPT_TIMEOUT_S: Final = 10.0
"""How long an interrupted cell may take to put away what it holds, such as a running Kafka.

Between two cells a kernel ignores the signal: then this is how long until it is killed; servers
that it started end with it."""


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels with standard error closed.

    ipykernel says on each start that loopback TCP is not encrypted. What cells write goes through
    the kernel's own channel and is not affected; an error of a cell is in the executed notebook.
    """

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, stderr=subprocess.DEVNULL, **options)


def run_interruptibly(run: Callable[[type[QuietKernelManager]], object]) -> None:
    """Run what runs kernels; Ctrl-C interrupts the cell, then ends the kernel.

    In a thread of its own, because nbclient handles signals itself where it can, in the main
    thread: it then takes the kernel away under a running cell and fails with an error of its own.

    Parameters
    ----------
    run
        Given the class to start its kernels with.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, when the kernel has ended.
    """
    started: list[QuietKernelManager] = []

    class Remembered(QuietKernelManager):
        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            await super()._async_launch_kernel(kernel_cmd, **options)
            started.append(self)

    with ThreadPoolExecutor(1, thread_name_prefix="notebook") as pool:
        running = pool.submit(_in_own_loop, run, Remembered)
        try:
            running.result()
        except KeyboardInterrupt:
            try:
                _signal(started, signal.SIGINT)
                _wait(running)
            finally:  # also after a second Ctrl-C
                _signal(started, signal.SIGKILL)
            raise


def _in_own_loop(
    run: Callable[[type[QuietKernelManager]], object], manager: type[QuietKernelManager]
) -> None:
    """Run with an event loop that is closed at the end; nbclient would leave its own open."""
    loop = ensure_event_loop()
    try:
        run(manager)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _signal(kernels: list[QuietKernelManager], number: signal.Signals) -> None:
    for kernel in kernels:
        process = getattr(kernel.provisioner, "process", None)
        if process is not None:  # None: it has ended already
            process.send_signal(number)


def _wait(running: Future[None]) -> None:
    try:
        running.exception(INTERRUPT_TIMEOUT_S)
    except NotYet:
        return
