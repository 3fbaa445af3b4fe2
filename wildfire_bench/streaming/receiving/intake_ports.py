"""What the intake is given and what it tells: the seams between it and the consumer's thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.streaming.model import Envelope, RecordPlace
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState
from wildfire_bench.streaming.stac.item import CatalogueEntry

__all__ = ["Message", "Outcome"]


class Message(Protocol):
    """A record as confluent-kafka gives it."""

    def topic(self) -> str:
        """Name of its topic."""

    def partition(self) -> int:
        """Number of its partition."""

    def offset(self) -> int:
        """Where it lies there."""

    def key(self) -> bytes | None:
        """Its key."""

    def value(self) -> bytes | None:
        """Its payload."""

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        """Its headers."""

    def timestamp(self) -> tuple[int, int]:
        """Kind (0 for none) and milliseconds since the epoch."""


class Outcome(Protocol):
    """Where the intake's results go; all calls come in the consumer's thread."""

    def whole(self, image: InboundImage) -> None:
        """All records of an image are here."""

    def ready(self, image: InboundImage) -> None:
        """It is decoded and verified."""

    def refuse(
        self,
        state: PartitionState,
        error: WildfireBenchError,
        places: Sequence[RecordPlace],
        envelope: Envelope | None,
        image: InboundImage | None,
    ) -> None:
        """Records cannot be used and go to the dead letters; `image`, if any, ends."""

    def not_whole(self, image: InboundImage) -> None:
        """One of its chunks turned out to be corrupt: it waits for a good copy."""

    def download(self, image: InboundImage, entry: CatalogueEntry) -> None:
        """An image lies in S3 and has to be fetched."""
