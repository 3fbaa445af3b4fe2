"""The rehearsal's side of a process: start it, hear what it tells, end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Final, Self

from wildfire_bench.errors import BenchmarkError

__all__ = ["RehearsalProcess"]

MODULE: Final = "wildfire_bench.bench.rollback.worker"
START_TIMEOUT_S: Final = 60.0
END_TIMEOUT_S: Final = 30.0
"""How long it may take to finish what it has begun, after SIGTERM."""
BROKEN_OFF_TIMEOUT_S: Final = 5.0
"""How long, after a failure or an interruption."""
MAX_ERROR_CHARS: Final = 600


class RehearsalProcess:
    """One producer or consumer; made by `start`.

    Parameters
    ----------
    name
        For messages.
    process
        As it was started.
    errors
        Where its standard error goes.
    heard
        Called with each thing that it tells.
    """

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        errors: IO[bytes],
        heard: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.name = name
        self._process, self._errors, self._heard = process, errors, heard
        self._ready = asyncio.Event()
        self._listening = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(
        cls,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        heard: Callable[[Mapping[str, Any]], None],
    ) -> Self:
        """Start it and wait until it is ready.

        Raises
        ------
        BenchmarkError
            If it ends first, or takes too long; the message has the end of what it wrote.
        """
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            *arguments,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,  # its end tells the process that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is ours to handle
        )
        self = cls(arguments[1], process, errors, heard)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._ready.wait()
        except asyncio.CancelledError:
            await self.terminate()  # nobody else knows of it yet
            await self.kill()
            raise
        except TimeoutError:
            problem = self._problem(f"was not ready within {START_TIMEOUT_S:g} s")
        else:
            if process.returncode is None:
                return self
            problem = self._problem("ended while it started")
        await self.kill()
        raise problem

    async def end(self) -> None:
        """Ask it to end, as a restart does, and wait until it has.

        Raises
        ------
        BenchmarkError
            If it does not, or ends with an error.
        """
        await self.terminate(END_TIMEOUT_S)
        if self._process.returncode is None:
            problem = self._problem(f"did not end within {END_TIMEOUT_S:g} s")
            await self.kill()
            raise problem
        await self._listening
        if self._process.returncode != 0:
            raise self._problem("ended with an error")
        self._close()

    async def terminate(self, timeout_s: float = BROKEN_OFF_TIMEOUT_S) -> None:
        """Ask it to end, and wait so long; it may run all the same."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._process.wait()

    async def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._listening
        self._close()

    def raise_if_ended(self) -> None:
        """Raise `BenchmarkError` if it ended by itself."""
        if self._process.returncode is not None and not self._errors.closed:
            raise self._problem("ended by itself")

    async def _listen(self) -> None:
        output = self._process.stdout
        while output is not None and (line := await output.readline()):
            told: dict[str, Any] = json.loads(line)
            if told["what"] == "ready":
                self._ready.set()
            else:
                self._heard(told)
        await self._process.wait()
        self._ready.set()  # nobody need wait any longer

    def _problem(self, what: str) -> BenchmarkError:
        self._errors.seek(0)
        written = self._errors.read().decode(errors="replace").strip()
        return BenchmarkError(
            f"{self.name} {what} (status {self._process.returncode}): "
            f"{written[-MAX_ERROR_CHARS:] or 'it wrote nothing'}"
        )

    def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._errors.close()
