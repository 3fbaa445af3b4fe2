"""The server processes of a stack, as its users see them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from wildfire_bench.errors import StackError
from wildfire_bench.stack.cgroup import Cgroup

__all__ = ["BrokerProcess", "ServerControl", "ServerProcess"]


class ServerControl(Protocol):
    """What can start and end a server; whoever runs the stack has one."""

    def start(self, name: str) -> int:
        """Start the server again and wait until it answers; returns its process id."""
        ...

    def end(self, name: str, *, kill: bool) -> None:
        """End the server, and wait until it is gone."""
        ...


class ServerProcess:
    """One server of a stack.

    Parameters
    ----------
    name
        Such as ``broker-1`` or ``s3``.
    port
        Where it answers.
    pid
        Its process id; None when it is stopped, or not a process of this machine.
    log_file, data_dir
        Where it writes; None when not known.
    cgroup
        Where the kernel counts its container's CPU time and memory; None outside a container.
    control
        What can start and end it; None for a server that is not ours to end.
    """

    def __init__(
        self,
        name: str,
        port: int,
        *,
        pid: int | None = None,
        log_file: Path | None = None,
        data_dir: Path | None = None,
        cgroup: Cgroup | None = None,
        control: ServerControl | None = None,
    ) -> None:
        self.name = name
        self.port = port
        self.log_file = log_file
        self.data_dir = data_dir
        self.cgroup = cgroup
        self._pid = pid
        self._control = control

    @property
    def pid(self) -> int | None:
        """Process id, or None when it is stopped or not of this machine."""
        return self._pid

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it when it takes too long.

        Raises
        ------
        StackError
            If it is not ours to stop.
        """
        self._ours().end(self.name, kill=False)
        self._pid = None

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone.

        Raises
        ------
        StackError
            If it is not ours to kill.
        """
        self._ours().end(self.name, kill=True)
        self._pid = None

    def start(self) -> None:
        """Start it again, on the same port with the same data, and wait until it answers.

        Raises
        ------
        StackError
            If it is not ours, or runs.
        StackStartFailed, StackTimeout
            If it does not come up.
        """
        if self._pid is not None:
            msg = f"{self.name} runs already, as process {self._pid}"
            raise StackError(msg)
        self._pid = self._ours().start(self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, port={self.port}, pid={self.pid})"

    def _ours(self) -> ServerControl:
        if self._control is None:
            msg = f"{self.name} was not started by this process: open an embedded stack to end it"
            raise StackError(msg)
        return self._control


class BrokerProcess(ServerProcess):
    """One Kafka broker of a stack.

    Parameters
    ----------
    node_id
        Its Kafka node id.
    gc_log_file
        Log of the JVM's garbage collections (unified logging); None when not known.
    """

    def __init__(
        self,
        node_id: int,
        port: int,
        *,
        pid: int | None = None,
        log_file: Path | None = None,
        data_dir: Path | None = None,
        gc_log_file: Path | None = None,
        cgroup: Cgroup | None = None,
        control: ServerControl | None = None,
    ) -> None:
        super().__init__(
            f"broker-{node_id}",
            port,
            pid=pid,
            log_file=log_file,
            data_dir=data_dir,
            cgroup=cgroup,
            control=control,
        )
        self.node_id = node_id
        self.gc_log_file = gc_log_file
