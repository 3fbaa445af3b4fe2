"""A running Kafka, and S3 where there is one, whatever they run on."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from types import TracebackType

from wildfire_bench.settings import KafkaSettings, S3Settings, Settings
from wildfire_bench.stack.server import BrokerProcess, ServerProcess

__all__ = ["Stack", "StackKind"]


class StackKind(StrEnum):
    """What a stack runs on."""

    EXTERNAL = "external"
    COMPOSE = "compose"
    EMBEDDED = "embedded"


class Stack:
    """Servers that answer. A context manager; `close` ends what was started for it.

    Parameters
    ----------
    kind
        What it runs on.
    kafka
        How to reach the brokers.
    s3
        How to reach S3; None without one.
    brokers, s3_server
        The processes, as far as they are known.
    certificate_servers
        Addresses where clients of a secured stack log in by certificate; None without.
    attached
        Whether somebody else started it, so that `close` leaves it running.
    on_close
        Ends what was started.
    """

    def __init__(
        self,
        kind: StackKind,
        kafka: KafkaSettings,
        s3: S3Settings | None,
        *,
        brokers: tuple[BrokerProcess, ...] = (),
        s3_server: ServerProcess | None = None,
        certificate_servers: str | None = None,
        attached: bool = True,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.kind = kind
        self.kafka = kafka
        self.s3 = s3
        self.brokers = brokers
        self.s3_server = s3_server
        self.certificate_servers = certificate_servers
        self.attached = attached
        self._on_close = on_close

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of the brokers, comma-separated."""
        return self.kafka.bootstrap_servers

    def apply(self, settings: Settings) -> Settings:
        """Return `settings` pointed at this stack.

        Only where and how to connect changes. Bucket, prefix, limits and time-outs stay; without
        an S3 server here, S3 is not configured in the result.
        """
        kafka = self.kafka.model_copy(
            update={
                "client_id": settings.kafka.client_id,
                "connect_timeout_s": settings.kafka.connect_timeout_s,
            }
        )
        where = self.s3 or S3Settings()
        s3 = settings.s3.model_copy(
            update={
                "endpoint": where.endpoint,
                "access_key": where.access_key,
                "secret_key": where.secret_key,
                "region": where.region,
                "secure": where.secure,
            }
        )
        return settings.model_copy(update={"kafka": kafka, "s3": s3})

    def close(self) -> None:
        """End what was started for this stack; an attached one stays. May be called twice."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            on_close()

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        s3 = self.s3.endpoint if self.s3 else None
        return f"Stack({self.kind.value!r}, kafka={self.bootstrap_servers!r}, s3={s3!r})"
