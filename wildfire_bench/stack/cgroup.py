"""What the Linux kernel counts for a container: CPU time and memory, of version 1 or 2 of cgroups.

Read from files of this machine, so that nothing is run inside the container while it is measured.
Documented in the kernel's admin guide, ``cgroup-v1/cpuacct.rst``, ``cgroup-v1/memory.rst`` and
``cgroup-v2.rst``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wildfire_bench.errors import StackError

__all__ = ["Cgroup", "find_cgroup"]

ROOT = Path("/sys/fs/cgroup")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The counters of one container, all its processes together."""

    cpu_folder: Path
    memory_folder: Path
    unified: bool
    """Whether it is version 2, where both folders are one."""

    def cpu_s(self) -> float:
        """CPU time so far, user and system, in seconds.

        Raises
        ------
        StackError
            If the container has ended.
        """
        if self.unified:
            return _entry(self.cpu_folder / "cpu.stat", "usage_usec") / 1e6
        return int(_read(self.cpu_folder / "cpuacct.usage")) / 1e9

    def system_cpu_s(self) -> float:
        """The part of it that the kernel used, in seconds; in steps of 10 ms in version 1.

        Raises
        ------
        StackError
            If the container has ended.
        """
        if self.unified:
            return _entry(self.cpu_folder / "cpu.stat", "system_usec") / 1e6
        ticks_per_s = os.sysconf("SC_CLK_TCK")
        return _entry(self.cpu_folder / "cpuacct.stat", "system") / ticks_per_s

    def memory_bytes(self) -> int:
        """Memory in use now, without the part of the page cache that can be had back at once.

        That part is left out as ``docker stats`` does: it is what was read or written of files
        some time ago.

        Raises
        ------
        StackError
            If the container has ended.
        """
        used, idle = (
            ("memory.current", "inactive_file")
            if self.unified
            else ("memory.usage_in_bytes", "total_inactive_file")
        )
        idle_bytes = _entry(self.memory_folder / "memory.stat", idle)
        return max(int(_read(self.memory_folder / used)) - idle_bytes, 0)


def find_cgroup(
    pid: int, container_id: str, *, proc: Path = PROC, root: Path = ROOT
) -> Cgroup | None:
    """Find the counters of a container, by its first process.

    Parameters
    ----------
    pid
        Of its first process, as the engine tells it.
    container_id
        All 64 digits. An engine elsewhere, or in the virtual machine of Docker Desktop, counts
        processes of its own: an id that fits one of this machine by chance is not taken.
    proc, root
        Where the kernel shows processes and cgroups.

    Returns
    -------
    Cgroup or None
        None if the container is not one of this machine, or its counters cannot be read.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    paths: dict[str, str] = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if container_id in path:
            paths |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
    # Where both versions are mounted, the controllers are with version 1.
    if "cpuacct" in paths and "memory" in paths:
        found = Cgroup(
            root / "cpuacct" / paths["cpuacct"], root / "memory" / paths["memory"], unified=False
        )
    elif "" in paths:
        found = Cgroup(root / paths[""], root / paths[""], unified=True)
    else:
        return None
    return found if _readable(found) else None


def _readable(cgroup: Cgroup) -> bool:
    try:
        cgroup.cpu_s()
        cgroup.memory_bytes()
    except (StackError, ValueError):
        return False
    return True


def _entry(path: Path, name: str) -> int:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    msg = f"{path} has no {name}: the kernel does not count it for this container"
    raise StackError(msg)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}): the container has ended"
        raise StackError(msg) from error
