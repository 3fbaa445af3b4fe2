"""What a run stores: bytes of topics on the brokers' disks, and of objects in S3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from wildfire_bench.settings import KafkaSettings, S3Settings
from wildfire_bench.streaming.object_store.s3_client import (
    S3Client,
    connect_s3,
    object_store_errors,
)

__all__ = ["ObjectProbe", "StorageProbe", "StoringServer", "run_bucket", "segment_bytes"]


class StoringServer(Protocol):
    """What must be known of a broker."""

    @property
    def data_dir(self) -> Path | None:
        """Folder with a sub-folder for each partition; None where it is not on this machine."""


class StorageProbe:
    """Bytes of topics on the brokers' disks, replicas included; use it as a context manager.

    Asked through kafka-python, since confluent-kafka has no DescribeLogDirs (KIP-113).
    """

    def __init__(self, kafka: KafkaSettings, brokers: Sequence[StoringServer]) -> None:
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


class ObjectProbe:
    """Bytes of all objects in a bucket."""

    def __init__(self, client: S3Client, s3: S3Settings) -> None:
        self._client = client
        self._s3 = s3

    def object_bytes(self) -> int:
        """Add up the sizes that the store lists.

        Raises
        ------
        ObjectStoreUnavailable
            If it does not answer.
        """
        with object_store_errors(self._s3, self._s3.bucket):
            found = self._client.list_objects(self._s3.bucket, recursive=True)
            return sum(each.size or 0 for each in found)


@contextmanager
def run_bucket(s3: S3Settings) -> Iterator[ObjectProbe]:
    """Keep a bucket for one run only: made before it, emptied and removed after it.

    Raises
    ------
    ObjectStoreUnavailable
        If the store does not answer.
    """
    client = connect_s3(s3, 1)
    with object_store_errors(s3, s3.bucket):
        client.make_bucket(s3.bucket)
    try:
        yield ObjectProbe(client, s3)
    finally:
        with object_store_errors(s3, s3.bucket):
            for each in client.list_objects(s3.bucket, recursive=True):
                client.remove_object(s3.bucket, str(each.object_name))
            client.remove_bucket(s3.bucket)
        client.close()


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
