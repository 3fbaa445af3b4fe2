"""How busy a machine is with other work, before a run and during it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import psutil

__all__ = [
    "MachineTime",
    "busy_during_note",
    "busy_note",
    "is_busy_note",
    "machine_time",
    "share_of_others",
]

BUSY_SHARE: Final = 0.5
"""Share of the cores that may be in use by others before a run is called disturbed."""
OTHERS_SHARE: Final = 0.15
"""Share of the machine's CPU time that others may take during it; the kernel's own work for a run,
which belongs to no process, is a part of that."""
_OTHER_WORK: Final = "Other work"


@dataclass(frozen=True, slots=True)
class MachineTime:
    """CPU time of all cores so far, in seconds."""

    busy_s: float
    """Other than idle; what a host took from a virtual machine counts."""
    all_s: float


def machine_time() -> MachineTime:
    """Read what the kernel has counted so far."""
    times = psutil.cpu_times()._asdict()
    for part_of_another in ("guest", "guest_nice"):
        times.pop(part_of_another, None)
    idle_s = times.get("idle", 0.0) + times.get("iowait", 0.0)
    all_s = sum(times.values())
    return MachineTime(all_s - idle_s, all_s)


def share_of_others(before: MachineTime, after: MachineTime, ours_s: float) -> float | None:
    """Share of the machine's CPU time that went to processes that are not ours.

    Parameters
    ----------
    before, after
        Around a stretch of time.
    ours_s
        CPU seconds of our own processes in it.

    Returns
    -------
    float or None
        0 to 1; None if the stretch is too short for the kernel's clock.
    """
    all_s = after.all_s - before.all_s
    if all_s <= 0:
        return None
    return min(1.0, max(0.0, (after.busy_s - before.busy_s - ours_s) / all_s))


def busy_note(load: float, cores: int) -> str | None:
    """Say when others were using the machine before a run, for readers of the results."""
    if load <= BUSY_SHARE * cores:
        return None
    return (
        f"{_OTHER_WORK} kept {load:.1f} processes busy on {cores} cores before the run: "
        "times and CPU seconds are higher and spread more than on an idle machine."
    )


def busy_during_note(shares: Sequence[float]) -> str | None:
    """Say when they were using it during the run.

    Parameters
    ----------
    shares
        What others took, block by block.
    """
    if not shares or (middle := median(shares)) <= OTHERS_SHARE:
        return None
    return (
        f"{_OTHER_WORK} took {100 * middle:.0f} % of the machine's CPU time during the run (median "
        f"of {len(shares)} blocks, at most {100 * max(shares):.0f} %): times and CPU seconds are "
        "higher and spread more than on an idle machine."
    )


def is_busy_note(note: str) -> bool:
    """Whether a note of a run, kept ones too, says that others were using the machine."""
    return note.startswith(_OTHER_WORK)
