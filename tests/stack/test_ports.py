"""Free ports."""

from __future__ import annotations

import socket

import pytest

from wildfire_bench.errors import StackStartFailed
from wildfire_bench.stack import ports
from wildfire_bench.stack.ports import LOOPBACK, free_ports


def test_ports_differ_from_each_other() -> None:
    assert len(set(free_ports(20))) == 20


def test_listened_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", port)
        monkeypatch.setattr(ports, "LAST_PORT", port)

        with pytest.raises(StackStartFailed, match="only 0 of 1 free ports"):
            free_ports(1)
