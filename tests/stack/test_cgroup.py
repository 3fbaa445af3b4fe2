"""Reading a container's CPU time and memory from files as the kernel writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wildfire_bench.errors import StackError
from wildfire_bench.stack.cgroup import Cgroup, find_cgroup

CONTAINER = "08622c29d74501c38fb716e17a5ec21b685e37c356168be57579d5f252543363"
PID = 4711
MEMORY_STAT_1 = "cache 900\ninactive_file 10\ntotal_inactive_file 300\n"
MEMORY_STAT_2 = "anon 500\nfile 900\ninactive_file 300\n"
CPU_STAT_2 = "usage_usec 2500000\nuser_usec 1500000\nsystem_usec 1000000\n"


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


@pytest.fixture(params=["version 1", "version 2", "both"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A machine with one container, which has used 2.5 s and 1000 bytes, 300 of them idle."""
    docker_1, docker_2 = f"docker/{CONTAINER}", f"system.slice/docker-{CONTAINER}.scope"
    lines = []
    if request.param in {"version 1", "both"}:
        lines += [f"4:memory:/{docker_1}", f"2:cpu,cpuacct:/{docker_1}"]
        _write(
            tmp_path / "sys",
            {
                f"cpuacct/{docker_1}/cpuacct.usage": "2500000000\n",
                f"cpuacct/{docker_1}/cpuacct.stat": f"user 1\nsystem {os.sysconf('SC_CLK_TCK')}\n",
                f"memory/{docker_1}/memory.usage_in_bytes": "1000\n",
                f"memory/{docker_1}/memory.stat": MEMORY_STAT_1,
            },
        )
    if request.param == "both":
        lines.append(f"0::/{docker_1}")
    if request.param == "version 2":
        lines.append(f"0::/{docker_2}")
        _write(
            tmp_path / "sys",
            {
                f"{docker_2}/cpu.stat": CPU_STAT_2,
                f"{docker_2}/memory.current": "1000\n",
                f"{docker_2}/memory.stat": MEMORY_STAT_2,
            },
        )
    _write(tmp_path / "proc", {f"{PID}/cgroup": "\n".join(lines) + "\n"})
    return tmp_path


def _find(machine: Path, pid: int = PID, container_id: str = CONTAINER) -> Cgroup | None:
    return find_cgroup(pid, container_id, proc=machine / "proc", root=machine / "sys")


def test_cpu_time_is_in_seconds(machine: Path) -> None:
    found = _find(machine)
    assert found is not None
    assert found.cpu_s() == 2.5


def test_the_kernels_part_is_in_seconds_too(machine: Path) -> None:
    found = _find(machine)
    assert found is not None
    assert found.system_cpu_s() == 1.0


def test_memory_is_without_the_idle_part_of_the_page_cache(machine: Path) -> None:
    found = _find(machine)
    assert found is not None
    assert found.memory_bytes() == 700


def test_process_of_another_container_is_not_taken(machine: Path) -> None:
    assert _find(machine, container_id="f" * 64) is None


def test_process_that_is_not_here_is_not_taken(machine: Path) -> None:
    assert _find(machine, pid=1) is None


def test_counters_that_cannot_be_read_are_none(machine: Path) -> None:
    for path in (machine / "sys").rglob("cpu*.*"):
        if path.is_file():
            path.unlink()
    assert _find(machine) is None


def test_container_that_has_ended_is_told(machine: Path) -> None:
    found = _find(machine)
    assert found is not None
    for path in (machine / "sys").rglob("memory.stat"):
        path.unlink()
    with pytest.raises(StackError, match="the container has ended"):
        found.memory_bytes()
