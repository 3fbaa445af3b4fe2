"""What is read off the outside of processes and containers: CPU time and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

import psutil

from wildfire_bench.errors import BenchmarkError, StackError
from wildfire_bench.stack.cgroup import Cgroup

__all__ = ["ProcessCounter", "Server", "ServerProbe"]

_Number = TypeVar("_Number", int, float)
_FORGET_PEAK: Final = "5"
"""To ``clear_refs``: the peak of the resident set begins anew (proc(5))."""


class Server(Protocol):
    """What a probe must know of a server; None where it is not a process of this machine."""

    @property
    def pid(self) -> int | None:
        """Process id."""

    @property
    def cgroup(self) -> Cgroup | None:
        """What the kernel counts for its container; None outside a container."""


class ProcessCounter:
    """CPU time and memory of one process of this machine."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._kernel_has_peak = False

    def cpu_s(self) -> float:
        """Seconds of CPU so far, user and system."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def system_cpu_s(self) -> float:
        """The part of it that the kernel used."""
        return float(self._process.cpu_times().system)

    def memory_bytes(self) -> int:
        """Its resident set now."""
        return int(self._process.memory_info().rss)

    def forget_peak(self) -> None:
        """Let the kernel's peak begin anew; where it cannot, `peak_bytes` gives None."""
        try:
            self._file("clear_refs").write_text(_FORGET_PEAK, encoding="ascii")
        except OSError:
            self._kernel_has_peak = False
        else:
            self._kernel_has_peak = True

    def peak_bytes(self) -> int | None:
        """The largest resident set since `forget_peak`, as the kernel has seen it."""
        if not self._kernel_has_peak:
            return None
        try:
            lines = self._file("status").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return None
        kilobytes = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return next((1024 * int(each) for each in kilobytes), None)

    def _file(self, name: str) -> Path:
        return Path("/proc") / str(self._process.pid) / name


class ServerProbe:
    """CPU time and memory of servers, together: of their processes, or of their containers.

    A container's count includes its health checks.

    Parameters
    ----------
    servers
        All of one kind.
    name
        What they are called in messages, such as ``brokers``.
    """

    def __init__(self, servers: Sequence[Server], name: str) -> None:
        self._counters = [
            counter for server in servers if (counter := _counter(server)) is not None
        ]
        self._name = name
        self.missing: str | None = None
        """Why there is neither, or None if there is."""
        if not servers or len(self._counters) < len(servers):
            self.missing = (
                f"The {name} are not processes of this machine: their CPU time is unknown."
            )

    def cpu_s(self) -> float | None:
        """Seconds of CPU so far, user and system, or None if they cannot be told.

        The resolution is 10 ms for processes on Linux, and finer for containers.

        Raises
        ------
        BenchmarkError
            If a server has ended.
        """
        return self._sum(lambda counter: counter.cpu_s())

    def system_cpu_s(self) -> float | None:
        """The part of it that the kernel used; None and errors as for `cpu_s`."""
        return self._sum(lambda counter: counter.system_cpu_s())

    def memory_bytes(self) -> int | None:
        """Memory in use now, or None if it cannot be told.

        That of processes is the resident set; that of containers also has what they wrote to files
        a short time ago.

        Raises
        ------
        BenchmarkError
            If a server has ended.
        """
        return self._sum(lambda counter: counter.memory_bytes())

    def forget_peak(self) -> None:
        """Let the peak of processes begin anew."""
        for counter in self._counters:
            if isinstance(counter, ProcessCounter):
                counter.forget_peak()

    def peak_bytes(self) -> int | None:
        """Peak since then of a single process; None for several, whose peaks do not coincide."""
        if self.missing is not None or len(self._counters) != 1:
            return None
        (counter,) = self._counters
        return counter.peak_bytes() if isinstance(counter, ProcessCounter) else None

    def _sum(self, read: Callable[[Cgroup | ProcessCounter], _Number]) -> _Number | None:
        if self.missing is not None:
            return None
        try:
            first, *others = (read(counter) for counter in self._counters)
        except psutil.NoSuchProcess as error:
            msg = f"one of the {self._name} (process {error.pid}) ended during the measurement"
            raise BenchmarkError(f"{msg}: see its log file") from error
        except StackError as error:
            msg = f"one of the {self._name} ended during the measurement ({error}): docker logs"
            raise BenchmarkError(msg) from error
        return sum(others, first)


def _counter(server: Server) -> Cgroup | ProcessCounter | None:
    if server.cgroup is not None:
        return server.cgroup
    return None if server.pid is None else ProcessCounter(server.pid)
