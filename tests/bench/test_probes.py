import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from wildfire_bench.bench.probes import ServerProbe
from wildfire_bench.bench.storage_probe import segment_bytes
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.stack.cgroup import Cgroup


def broker(pid, cgroup=None):
    return SimpleNamespace(pid=pid, data_dir=None, cgroup=cgroup)


def test_cpu_time_of_a_process_grows_with_its_work():
    probe = ServerProbe([broker(os.getpid())], "brokers")
    before = probe.cpu_s()
    while (grown := probe.cpu_s() - before) < 0.05:
        sum(range(100_000))
    assert grown >= 0.05


def test_memory_of_a_process_is_its_resident_set():
    memory_bytes = ServerProbe([broker(os.getpid())], "brokers").memory_bytes()
    assert memory_bytes > 10_000_000


def test_a_container_is_counted_as_a_whole(tmp_path: Path):
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\n")
    (tmp_path / "memory.stat").write_text("inactive_file 100\n")
    (tmp_path / "memory.current").write_text("1000\n")
    container = broker(os.getpid(), Cgroup(tmp_path, tmp_path, unified=True))
    probe = ServerProbe([container, container], "brokers")
    assert (probe.cpu_s(), probe.memory_bytes()) == (3.0, 1800)


def test_a_container_that_ended_ends_the_measurement(tmp_path: Path):
    probe = ServerProbe([broker(1, Cgroup(tmp_path, tmp_path, unified=True))], "brokers")
    with pytest.raises(BenchmarkError, match="ended during the measurement"):
        probe.cpu_s()


@pytest.mark.parametrize("brokers", [[], [broker(None)], [broker(os.getpid()), broker(None)]])
def test_unknown_brokers_have_no_cpu_time_but_a_reason(brokers):
    probe = ServerProbe(brokers, "brokers")
    assert (probe.cpu_s(), "not processes of this machine" in probe.missing) == (None, True)


def test_only_segments_of_the_topics_asked_for_are_summed(tmp_path: Path):
    for topic in ("a-images-0", "a-images-1", "b-images-0"):
        (tmp_path / topic).mkdir()
        (tmp_path / topic / "00.log").write_bytes(bytes(10))
        (tmp_path / topic / "00.index").write_bytes(bytes(7))
    assert segment_bytes(tmp_path, "a-") == 20
