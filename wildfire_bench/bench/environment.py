"""The machine and versions that numbers belong to, without a word that tells who ran them."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

from wildfire_bench.stack import Stack, StackKind
from wildfire_bench.stack.jars import read_lock

__all__ = ["Environment", "describe_environment"]

PACKAGES = ("confluent-kafka", "numpy", "zstandard", "wildfire-bench")
GIT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Environment:
    """What must be equal, or known, before two runs may be compared."""

    cpu: str
    cores: int
    """Logical cores that this process may use."""
    memory_bytes: int
    system: str
    """Kernel and its release."""
    python: str
    packages: dict[str, str]
    librdkafka: str
    kafka: str
    """What the stack says of its brokers."""
    commit: str | None
    """Of the working tree, ``-dirty`` if changed; None outside a repository."""
    load_before: float
    """Runnable processes before the run (1-minute average)."""

    @property
    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.cores} cores of {self.cpu}, {self.memory_bytes / 2**30:.0f} GiB, "
            f"{self.system}, Python {self.python}, librdkafka {self.librdkafka}, {self.kafka}"
        )


def describe_environment(stack: Stack) -> Environment:
    """Look at the machine, and at the brokers of a stack."""
    from confluent_kafka import libversion

    return Environment(
        cpu=_cpu_model(),
        cores=_usable_cores(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        packages={name: metadata.version(name) for name in PACKAGES},
        librdkafka=libversion()[0],
        kafka=_describe_brokers(stack),
        commit=_commit(Path(__file__).parent),
        load_before=psutil.getloadavg()[0],
    )


def _describe_brokers(stack: Stack) -> str:
    brokers = (
        f"{len(stack.brokers)} broker{'s' * (len(stack.brokers) > 1)}"
        if stack.brokers
        else "brokers"
    )
    if stack.kind is not StackKind.EMBEDDED:
        return f"{stack.kind.value} {brokers}"
    versions = [jar.version for jar in read_lock() if jar.artifact.startswith("kafka_")]
    return f"{brokers} of Apache Kafka {' '.join(versions)}, {stack.kind.value}"


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    """Find the model's name; `platform.processor` is empty or bare on most Linux systems."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def _commit(folder: Path) -> str | None:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
