import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from wildfire_bench.bench.probes import BrokerProbe, busy_note, segment_bytes


def broker(pid):
    return SimpleNamespace(pid=pid, data_dir=None)


def test_cpu_time_of_a_process_grows_with_its_work():
    probe = BrokerProbe([broker(os.getpid())])
    before = probe.cpu_s()
    while (grown := probe.cpu_s() - before) < 0.05:
        sum(range(100_000))
    assert grown >= 0.05


@pytest.mark.parametrize("brokers", [[], [broker(None)], [broker(os.getpid()), broker(None)]])
def test_unknown_brokers_have_no_cpu_time_but_a_reason(brokers):
    probe = BrokerProbe(brokers)
    assert (probe.cpu_s(), "not processes of this machine" in probe.missing) == (None, True)


def test_only_segments_of_the_topics_asked_for_are_summed(tmp_path: Path):
    for topic in ("a-images-0", "a-images-1", "b-images-0"):
        (tmp_path / topic).mkdir()
        (tmp_path / topic / "00.log").write_bytes(bytes(10))
        (tmp_path / topic / "00.index").write_bytes(bytes(7))
    assert segment_bytes(tmp_path, "a-") == 20


@pytest.mark.parametrize(("load", "said"), [(0.9, False), (1.1, True)])
def test_a_busy_machine_is_noted(load, said):
    assert (busy_note(load, cores=2) is not None) is said
