"""An identified image on its way out, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wildfire_bench.streaming.model import Envelope, ImageIdentity, Kind
from wildfire_bench.streaming.sending.image_source import ImageSource

__all__ = ["OutgoingImage"]


@dataclass(frozen=True, slots=True)
class OutgoingImage:
    """What every route sends, whichever way."""

    source: ImageSource
    """Its bytes."""
    identity: ImageIdentity
    metadata: Mapping[str, Any]
    """The user's."""
    replay: str | None = None
    """A token that makes it another delivery of an image that was sent before."""

    def envelope(
        self,
        kind: Kind,
        codec: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        value_digest: str | None = None,
        dataref: str | None = None,
    ) -> Envelope:
        """Headers of a record of it that is no chunk."""
        return Envelope(
            kind,
            self.identity,
            codec,
            metadata=metadata,
            value_digest=value_digest,
            dataref=dataref,
            replay=self.replay,
        )
