"""The process that owns the embedded servers, and ends them when its parent is gone.

Run as a script by `wildfire_bench.stack.supervision`, isolated and with nothing but the standard
library. It reads one JSON command a line from standard input and answers each with one line. The
servers are its children, so that no signal can hit a process which took over a freed id.

Its parent may end in any way, SIGKILL included: the closed pipe or the changed parent id (a fork of
the parent may still hold the pipe) tells, every server is ended, and the temporary data removed.
On Linux the servers also die should this process itself be killed. It runs in a session of its own:
Ctrl-C in a terminal reaches only the parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["Supervisor", "main"]

TICK_S = 0.5
"""How often the parent's id is looked at; a closed pipe is noticed at once."""
KILL_WAIT_S = 5.0
"""How long a killed server may take to be gone."""
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Starts and ends servers by name, as commands ask.

    Parameters
    ----------
    parent_pid
        Process whose end is the end of all servers, until ``detach``.
    grace_s
        How long a server may take to stop by itself before it is killed; 0 kills at once, which is
        right when its data is thrown away anyway.
    remove
        Files and folders removed at the end.
    """

    def __init__(self, parent_pid: int, grace_s: float, remove: list[str]) -> None:
        self.parent_pid: int | None = parent_pid
        self.grace_s = grace_s
        self.remove = remove
        self.servers: dict[str, subprocess.Popen[bytes]] = {}
        self.closing = False

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command.

        Returns
        -------
        dict
            The answer; ``{"error": ...}`` when the operating system refused.
        """
        try:
            match command["do"]:
                case "start":
                    return {"pid": self._start(command)}
                case "end":
                    return {"exit": self._end([command["name"]], command["grace_s"])}
                case "status":
                    return {"exits": {name: p.poll() for name, p in self.servers.items()}}
                case "detach":
                    self.parent_pid = None
                    return {}
                case "close":
                    self.remove = command.get("remove", self.remove)
                    self.closing = True
                    return {}
                case unknown:
                    return {"error": f"unknown command {unknown}"}
        except OSError as error:
            return {"error": str(error)}

    def orphaned(self) -> bool:
        """Whether the parent is gone."""
        return self.parent_pid is not None and os.getppid() != self.parent_pid

    def close(self) -> None:
        """End every server and remove what is to be removed."""
        self._end(list(self.servers), self.grace_s)
        for path in map(Path, self.remove):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def _start(self, command: dict[str, Any]) -> int:
        with Path(command["log"]).open("ab") as log:
            server = subprocess.Popen(
                command["argv"],
                env=command["env"],
                cwd=command["cwd"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one thread
            )
        self.servers[command["name"]] = server
        return server.pid

    def _end(self, names: list[str], grace_s: float) -> dict[str, int | None]:
        servers = {name: self.servers[name] for name in names if name in self.servers}
        # All are asked before any is waited for: brokers that share a quorum stop together.
        if grace_s > 0:
            for server in servers.values():
                _signal(server, signal.SIGTERM)
            _wait(servers.values(), grace_s)
        for server in servers.values():
            _signal(server, signal.SIGKILL)
        _wait(servers.values(), KILL_WAIT_S)
        return {name: server.returncode for name, server in servers.items()}


def main(arguments: list[str]) -> int:
    """Serve commands until told to close, or until the parent is gone."""
    start = json.loads(arguments[0])
    supervisor = Supervisor(start["parent_pid"], start["grace_s"], start["remove"])
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    try:
        _serve(supervisor)
    except SystemExit:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.close()
    with contextlib.suppress(OSError):
        os.write(1, b'{"closed": true}\n')
    return 0


def _serve(supervisor: Supervisor) -> None:
    pending = b""
    inputs = [0]
    while not supervisor.closing and not supervisor.orphaned():
        ready, _, _ = select.select(inputs, [], [], TICK_S)
        for server in supervisor.servers.values():
            server.poll()
        if not ready:
            continue
        data = os.read(0, 65536)
        if not data:
            if supervisor.parent_pid is not None:
                return
            inputs = []
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            answer = json.dumps(supervisor.answer(json.loads(line))) + "\n"
            with contextlib.suppress(OSError):
                os.write(1, answer.encode())


def _leave(signal_number: int, _frame: object) -> None:
    raise SystemExit(128 + signal_number)


def _signal(server: subprocess.Popen[bytes], number: int) -> None:
    if server.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(number)


def _wait(servers: Any, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    for server in servers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(max(0.01, deadline - time.monotonic()))


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Between fork and exec: have the kernel kill this server when the supervisor dies."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
