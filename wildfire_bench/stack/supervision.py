"""Talking to the supervisor process: start, end and ask after servers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wildfire_bench.errors import StackError, StackStartFailed
from wildfire_bench.stack import supervisor

__all__ = ["Command", "Supervision"]

STOP_GRACE_S = 15.0
"""How long a server may take to stop by itself before it is killed."""
CLOSE_TIMEOUT_S = 30.0
"""How long the supervisor may take to end everything before it is killed itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """How one server is started."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)  # may hold S3 keys
    log_file: Path
    work_dir: Path


class Supervision:
    """Servers that end with this process, whichever way it ends.

    Parameters
    ----------
    log_file
        Where the supervisor itself writes, should it fail.
    remove
        Files and folders to remove when everything has ended.
    grace_s
        How long servers may take to stop at the end; 0 when their data is thrown away.

    Notes
    -----
    Safe to use from several threads. A fork of this process that closes it does nothing.
    """

    def __init__(self, log_file: Path, remove: Sequence[Path], grace_s: float) -> None:
        self._owner_pid = os.getpid()
        self._lock = threading.Lock()
        start = {
            "parent_pid": self._owner_pid,
            "grace_s": grace_s,
            "remove": [str(path) for path in remove],
        }
        with log_file.open("ab") as log:
            # -I and -S: neither the user's site packages nor PYTHON* variables reach it.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(supervisor.__file__), json.dumps(start)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self._process.pid

    def start(self, command: Command) -> int:
        """Start a server; a command of the same name takes the place of one that ended.

        Returns
        -------
        int
            Its process id.

        Raises
        ------
        StackStartFailed
            When the operating system refuses.
        """
        answer = self._ask(
            {
                "do": "start",
                "name": command.name,
                "argv": list(command.argv),
                "env": dict(command.env),
                "log": str(command.log_file),
                "cwd": str(command.work_dir),
            }
        )
        if "error" in answer:
            msg = f"{command.name} cannot be started: {answer['error']} ({command.argv[0]})"
            raise StackStartFailed(msg)
        return int(answer["pid"])

    def end(self, name: str, *, grace_s: float = STOP_GRACE_S) -> None:
        """End one server: asked to stop first, killed after `grace_s`; 0 kills at once."""
        self._ask({"do": "end", "name": name, "grace_s": grace_s})

    def exit_status(self, name: str) -> int | None:
        """Exit status of a server, or None while it runs."""
        status: int | None = self._ask({"do": "status"})["exits"].get(name)
        return status

    def detach(self) -> None:
        """Let the servers outlive this process; SIGTERM to the supervisor ends them."""
        self._ask({"do": "detach"})
        self._forget()
        self._process.returncode = 0  # no longer ours: no warning that it still runs

    def close(self, *, remove: Sequence[Path] | None = None) -> None:
        """End all servers and the supervisor; `remove` replaces what is to be removed."""
        if self._owner_pid != os.getpid() or self._process.stdin is None:
            return
        command: dict[str, Any] = {"do": "close"}
        if remove is not None:
            command["remove"] = [str(path) for path in remove]
        if not self._process.stdin.closed:
            with contextlib.suppress(StackError):
                self._ask(command)
        self._forget()
        try:
            self._process.wait(CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or stdin.closed:
            msg = "this stack is closed: open a new one"
            raise StackError(msg)
        with self._lock:
            try:
                stdin.write(json.dumps(command).encode() + b"\n")
                stdin.flush()
                line = stdout.readline()
            except OSError:
                line = b""
        if not line:
            msg = "the process that supervises the stack has ended, and the servers with it"
            raise StackError(msg)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _forget(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
