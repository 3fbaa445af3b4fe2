"""What a rehearsal of the rollback did, and whether it went well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from wildfire_bench.bench.rollback.history import Faults
from wildfire_bench.streaming.dead_letters import DeadLetter

__all__ = ["Phase", "RollbackReport", "RollbackStep"]


class Phase(StrEnum):
    """Which way everything is switched, and what is restarted first."""

    BACK_PRODUCERS_FIRST = "back, producers first"
    FORWARD_CONSUMERS_FIRST = "forward, consumers first"
    BACK_CONSUMERS_FIRST = "back, consumers first"
    FORWARD_PRODUCERS_FIRST = "forward, producers first"


@dataclass(frozen=True, slots=True)
class RollbackStep:
    """What one phase did."""

    phase: Phase
    sent: Mapping[str, int]
    """Images that were acknowledged to producers meanwhile, by route."""
    acknowledged: int
    """Images that consumers acknowledged meanwhile."""
    seconds: float


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """What became of all images; numbers are of images."""

    steps: tuple[RollbackStep, ...]
    sent: int
    acknowledged: int
    redelivered: int
    """Came again before they were acknowledged, as a restart allows."""
    faults: Faults
    unreadable: tuple[DeadLetter, ...]
    """What consumers put among the dead letters."""
    not_tried: tuple[str, ...]
    """Routes, each with the reason."""
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, altered, unreadable, or handed over again too late."""
        return self.faults.none and not self.unreadable and self.sent > 0
