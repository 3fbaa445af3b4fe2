"""SatelliteImage: what the consumer hands over, to be acknowledged or refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from wildfire_bench.streaming.html_repr import Fact, cut, facts_html
from wildfire_bench.streaming.model import (
    ImageIdentity,
    RecordPlace,
    Route,
    check_reason,
    places_in_words,
    seconds_in_words,
)

__all__ = ["SatelliteImage"]

_MAX_KEY_CHARS: Final = 40

Settle: TypeAlias = Callable[[str | None], Awaitable[None]]
"""Called with None to acknowledge, or with the reason of a refusal."""


@dataclass(frozen=True, slots=True)
class SatelliteImage:
    """A received image, verified byte for byte against the digest it was sent with."""

    data: memoryview = field(repr=False)
    metadata: Mapping[str, Any]
    identity: ImageIdentity
    route: Route
    codec: str
    places: tuple[RecordPlace, ...]
    """Where its records lie."""
    redelivered: bool = False
    """True when it may have been handed over before: after a restart, and when it was replayed or
    sent again with other metadata."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds per stage, those it went through: ``decode`` (all threads), ``assemble`` (first chunk
    to verified image), ``download``, ``hand_over`` (verified image to the caller's hands)."""
    settle: Settle | None = field(default=None, repr=False, compare=False)
    """How the consumer that handed it over is told what became of it."""

    @property
    def image_id(self) -> str:
        """Identity of the image, equal for every resend."""
        return self.identity.image_id

    def facts(self) -> tuple[Fact, ...]:
        """What is known of it, in words; its pixels are not looked at."""
        again = " (may have been handed over before)" if self.redelivered else ""
        metadata = (
            Fact(cut(str(key), _MAX_KEY_CHARS), _json(value))
            for key, value in self.metadata.items()
        )
        return (
            Fact("Route", f"{self.route.value}{again}"),
            Fact("Codec", self.codec),
            *self.identity.facts(),
            Fact("Records", places_in_words(self.places)),
            Fact("Seconds", seconds_in_words(self.seconds)),
            *metadata,
        )

    def _repr_html_(self) -> str:
        return facts_html("Satellite image", self.image_id, self.facts())

    async def ack(self) -> None:
        """Acknowledge it; returns once that is committed.

        Raises
        ------
        AcknowledgementLost
            If its partition went to another consumer meanwhile: it comes again there.
        NotRunning
            If its consumer was stopped: it comes again.
        """
        if self.settle is not None:
            await self.settle(None)

    async def nack(self, reason: str) -> None:
        """Refuse it: it goes to the dead letters with a reason and does not come again.

        Raises
        ------
        AcknowledgementLost, NotRunning
            As `ack`.
        InputError
            If the reason is no text.
        """
        check_reason(reason)
        if self.settle is not None:
            await self.settle(reason)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
