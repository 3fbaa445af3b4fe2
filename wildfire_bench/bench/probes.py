"""What is read off the outside: the brokers' disk, CPU time and memory; how busy the machine is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import psutil

from wildfire_bench.errors import BenchmarkError, StackError
from wildfire_bench.settings import KafkaSettings
from wildfire_bench.stack.cgroup import Cgroup

__all__ = ["Broker", "BrokerProbe", "StorageProbe", "busy_note", "segment_bytes"]

_Number = TypeVar("_Number", int, float)

BUSY_SHARE = 0.5
"""Share of the cores that may be in use by others before a run is called disturbed."""


class Broker(Protocol):
    """What a probe must know of a broker; None where it is not a process of this machine."""

    @property
    def pid(self) -> int | None:
        """Process id."""

    @property
    def data_dir(self) -> Path | None:
        """Folder with a sub-folder for each partition."""

    @property
    def cgroup(self) -> Cgroup | None:
        """What the kernel counts for its container; None outside a container."""


class BrokerProbe:
    """CPU time and memory of the brokers, together: of their processes, or of their containers.

    A container's count includes its health checks.
    """

    def __init__(self, brokers: Sequence[Broker]) -> None:
        self._counters = [
            counter for broker in brokers if (counter := _counter(broker)) is not None
        ]
        self.missing: str | None = None
        """Why there is neither, or None if there is."""
        if not brokers or len(self._counters) < len(brokers):
            self.missing = (
                "The brokers are not processes of this machine: their CPU time is unknown."
            )

    def cpu_s(self) -> float | None:
        """Seconds of CPU so far, user and system, or None if they cannot be told.

        The resolution is 10 ms for processes on Linux, and finer for containers.

        Raises
        ------
        BenchmarkError
            If a broker has ended.
        """
        return self._sum(lambda counter: counter.cpu_s())

    def memory_bytes(self) -> int | None:
        """Memory in use now, or None if it cannot be told.

        That of processes is the resident set; that of containers also has what they wrote to files
        a short time ago.

        Raises
        ------
        BenchmarkError
            If a broker has ended.
        """
        return self._sum(lambda counter: counter.memory_bytes())

    def _sum(self, read: Callable[[Cgroup | _Process], _Number]) -> _Number | None:
        if self.missing is not None:
            return None
        try:
            first, *others = (read(counter) for counter in self._counters)
        except psutil.NoSuchProcess as error:
            msg = f"a broker (process {error.pid}) ended during the measurement: see its log file"
            raise BenchmarkError(msg) from error
        except StackError as error:
            msg = f"a broker ended during the measurement ({error}): docker logs"
            raise BenchmarkError(msg) from error
        return sum(others, first)


class _Process:
    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        return int(self._process.memory_info().rss)


def _counter(broker: Broker) -> Cgroup | _Process | None:
    if broker.cgroup is not None:
        return broker.cgroup
    return None if broker.pid is None else _Process(broker.pid)


class StorageProbe:
    """Bytes of topics on the brokers' disks, replicas included; use it as a context manager.

    Asked through kafka-python, since confluent-kafka has no DescribeLogDirs (KIP-113).
    """

    def __init__(self, kafka: KafkaSettings, brokers: Sequence[Broker]) -> None:
        self._kafka = kafka
        self._folders = [broker.data_dir for broker in brokers]

    def __enter__(self) -> Self:
        from kafka.admin import KafkaAdminClient

        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        self._admin = KafkaAdminClient(**_kafka_python_config(self._kafka))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._admin.close()

    def log_dir_bytes(self, topic_prefix: str) -> int:
        """Ask the brokers about all topics with this prefix."""
        return sum(
            partition["partition_size"]
            for broker in self._admin.describe_log_dirs()
            for folder in broker["log_dirs"]
            for topic in folder["topics"]
            if topic["name"].startswith(topic_prefix)
            for partition in topic["partitions"]
        )

    def file_bytes(self, topic_prefix: str) -> int | None:
        """Add up the segment files, or give None if they are not on this machine."""
        if not self._folders or not all(f is not None and f.is_dir() for f in self._folders):
            return None
        return sum(segment_bytes(f, topic_prefix) for f in self._folders if f is not None)


def segment_bytes(data_dir: Path, topic_prefix: str) -> int:
    """Sum up the segment files of topics with this prefix; indexes are not payload."""
    return sum(
        segment.stat().st_size
        for folder in data_dir.iterdir()
        if folder.is_dir() and folder.name.startswith(topic_prefix)
        for segment in folder.glob("*.log")
    )


def busy_note(load: float, cores: int) -> str | None:
    """Say when others were using the machine, for readers of the results."""
    if load <= BUSY_SHARE * cores:
        return None
    return (
        f"Other work kept {load:.1f} processes busy on {cores} cores before the run: "
        "times and CPU seconds are higher and spread more than on an idle machine."
    )


def _kafka_python_config(kafka: KafkaSettings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers.split(","),
        "client_id": kafka.client_id,
        "security_protocol": kafka.security_protocol,
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.sasl_username,
        "sasl_plain_password": kafka.sasl_password and kafka.sasl_password.get_secret_value(),
        "ssl_cafile": kafka.ssl_ca_location and str(kafka.ssl_ca_location),
        "ssl_certfile": kafka.ssl_certificate_location and str(kafka.ssl_certificate_location),
        "ssl_keyfile": kafka.ssl_key_location and str(kafka.ssl_key_location),
    }
    return {key: value for key, value in config.items() if value is not None}
