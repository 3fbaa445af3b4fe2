"""Why a server did not start, told from its log."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["PORT_TAKEN", "cause_and_remedy", "lines_that_matter"]

PORT_TAKEN = "a port is taken"
LINES_SHOWN = 6
LINE_WIDTH = 240
LOG_TAIL_BYTES = 64 * 1024

_CAUSES = (
    (
        re.compile(r"address already in use|port \d+ .* is not available", re.IGNORECASE),
        PORT_TAKEN,
        "stop the other server, or start again: other ports are chosen",
    ),
    (
        re.compile(r"no space left on device|disk full", re.IGNORECASE),
        "the disk is full",
        "free space, or give a folder on another disk (data_dir, or TMPDIR)",
    ),
    (
        re.compile(r"failed to acquire lock on file", re.IGNORECASE),
        "its data folder is in use by another broker",
        "stop that one, or give another folder",
    ),
    (
        re.compile(
            r"could not reserve enough space|cannot allocate memory|outofmemoryerror"
            r"|insufficient memory",
            re.IGNORECASE,
        ),
        "memory is short",
        "free about 1 GB for each broker",
    ),
    (
        re.compile(r"permission denied|accessdenied", re.IGNORECASE),
        "its folder cannot be written",
        "give a folder that you own",
    ),
    (
        re.compile(r"could not find or load main class|noclassdeffounderror", re.IGNORECASE),
        "a jar is missing or broken",
        "delete the jar cache (~/.cache/wildfire-bench/jars) and start again",
    ),
    (
        re.compile(r"invalid cluster\.id|different cluster ?id|voter set", re.IGNORECASE),
        "its data folder belongs to another cluster",
        "give another folder",
    ),
)
_MATTERS = re.compile(r"\b(ERROR|FATAL|panic|Exception|Error|F\d{4})\b|already in use|No space")


def cause_and_remedy(log_file: Path) -> tuple[str, str]:
    """Name the cause of a failed start and what to do about it."""
    tail = _tail(log_file)
    for pattern, cause, remedy in _CAUSES:
        if pattern.search(tail):
            return cause, remedy
    return "it ended early", "read the log"


def lines_that_matter(log_file: Path) -> str:
    """Last lines of a log that tell of an error, else its last lines; empty when it has none."""
    lines = [line for line in _tail(log_file).splitlines() if line.strip()]
    telling = [line for line in lines if _MATTERS.search(line)] or lines
    return "\n".join(f"  {line.strip()[:LINE_WIDTH]}" for line in telling[-LINES_SHOWN:])


def _tail(log_file: Path) -> str:
    try:
        with log_file.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")
    except OSError:
        return ""
