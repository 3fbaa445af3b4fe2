"""Garbage collections of the brokers, from the log that their JVMs write (unified logging)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

__all__ = ["GcLogs", "GcPauses", "LoggedServer", "pauses_in"]

MAX_READ_BYTES: Final = 64 << 20
# [1.234s][info][gc] GC(3) Pause Young (Allocation Failure) 68M->7M(247M) 6.912ms
_PAUSE: Final = re.compile(rb"\[gc *\] GC\(\d+\) Pause .* (\d+)[.,](\d+)ms\s*$")


class LoggedServer(Protocol):
    """What must be known of a broker."""

    @property
    def gc_log_file(self) -> Path | None:
        """Where its JVM logs collections; None when not known."""


@dataclass(frozen=True, slots=True)
class GcPauses:
    """Times at which a JVM stood still, and for how long."""

    count: int
    milliseconds: float
    """Of all together."""


class GcLogs:
    """The logs of all brokers, read from where the last look ended."""

    def __init__(self, servers: Sequence[LoggedServer]) -> None:
        paths = [server.gc_log_file for server in servers]
        self._paths = [path for path in paths if path is not None and path.is_file()]
        self.missing: str | None = None
        """Why they cannot be read, or None if they can."""
        if not servers or len(self._paths) < len(paths):
            self.missing = (
                "The brokers' logs of garbage collection are not on this machine: pauses are "
                "unknown."
            )
        self._ends = [path.stat().st_size for path in self._paths]

    def new(self) -> GcPauses | None:
        """What was logged since the last look, or since the beginning; None if unknown."""
        if self.missing is not None:
            return None
        found = [self._new_of(index) for index in range(len(self._paths))]
        return GcPauses(sum(each.count for each in found), sum(each.milliseconds for each in found))

    def _new_of(self, index: int) -> GcPauses:
        with self._paths[index].open("rb") as log:
            log.seek(self._ends[index])
            text = log.read(MAX_READ_BYTES)
        whole = text[: text.rfind(b"\n") + 1]  # a line that is being written counts next time
        self._ends[index] += len(whole)
        return pauses_in(whole)


def pauses_in(text: bytes) -> GcPauses:
    """Find the pauses in lines of a log."""
    found = [match for line in text.splitlines() if (match := _PAUSE.search(line))]
    return GcPauses(len(found), sum(float(b"%b.%b" % match.groups()) for match in found))
