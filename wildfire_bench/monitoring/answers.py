"""What the status API answers: typed, bounded, with totals of what is left out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from wildfire_bench.streaming.observation.durations import DurationCounts
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.receiving.assembly import ReassemblyState
from wildfire_bench.streaming.receiving.reassembly import ReassemblyStatus

__all__ = [
    "MAX_IMAGES_LISTED",
    "MAX_LISTED",
    "MAX_MISSING_LISTED",
    "Alive",
    "ChunkManagerStatus",
    "ImageState",
    "ImageSummary",
    "Problem",
    "Ready",
    "ServiceStatus",
]

MAX_IMAGES_LISTED: Final = 100
"""Images in an answer about all of them, the first to come first."""
MAX_MISSING_LISTED: Final = 20
"""Missing chunks of each of these."""
MAX_LISTED: Final = 1_000
"""Missing chunks, and records, of a single image; entries of any list in ``/api/status``."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Answer):
    """Why there is no answer, and what to do."""

    detail: str


class Alive(_Answer):
    """The process runs its event loop."""

    alive: bool = True


class Ready(_Answer):
    """Whether work can be given to it."""

    ready: bool
    checks: dict[str, bool]


class RecordCoordinates(_Answer):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class ImageSummary(_Answer):
    """How far one image is."""

    image_id: str
    size_bytes: int
    received_bytes: int
    chunks: int
    received: int
    missing: list[int]
    missing_total: int
    age_s: float
    spilled: bool

    @classmethod
    def of(cls, state: ReassemblyState) -> ImageSummary:
        """Out of a state."""
        return cls(**_summary(state, MAX_MISSING_LISTED))


class ImageState(ImageSummary):
    """How far one image is, and where its records lie."""

    records: list[RecordCoordinates]
    records_total: int
    other_assemblies: int
    """Resends of the image, cut into other chunks, that are in reassembly beside it."""

    @classmethod
    def of_most_complete(cls, states: Sequence[ReassemblyState]) -> ImageState:
        """Out of all states of an image; of a resend that was cut differently there are two."""
        state = max(states, key=lambda each: each.received_bytes)
        listed = [RecordCoordinates(**dataclasses.asdict(p)) for p in state.places[:MAX_LISTED]]
        return cls(
            **_summary(state, MAX_LISTED),
            records=listed,
            records_total=len(state.places),
            other_assemblies=len(states) - 1,
        )


class ChunkManagerStatus(_Answer):
    """Images that are being put together."""

    in_flight: int
    held_bytes: int
    spilled_bytes: int
    oldest_age_s: float
    images: list[ImageSummary]
    images_listed: int

    @classmethod
    def of(cls, status: ReassemblyStatus) -> ChunkManagerStatus:
        """Out of a status that lists `MAX_IMAGES_LISTED` at most."""
        return cls(
            in_flight=status.in_flight,
            held_bytes=status.held_bytes,
            spilled_bytes=status.spilled_bytes,
            oldest_age_s=round(status.oldest_age_s, 3),
            images=[ImageSummary.of(each) for each in status.images],
            images_listed=len(status.images),
        )


class ServiceStatus(_Answer):
    """Every part that can be watched, by section: whatever gives a snapshot is in here."""

    version: str
    sections: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, version: str, snapshots: Sequence[Snapshot]) -> ServiceStatus:
        """Out of snapshots, as they are."""
        sections: dict[str, list[dict[str, Any]]] = {}
        for snapshot in snapshots:
            sections.setdefault(snapshot.section, []).append(_plain(snapshot))
        return cls(version=version, sections=sections)


def _summary(state: ReassemblyState, max_missing: int) -> dict[str, Any]:
    return {
        "image_id": state.image_id,
        "size_bytes": state.size_bytes,
        "received_bytes": state.received_bytes,
        "chunks": state.chunks,
        "received": state.received,
        "missing": list(state.missing[:max_missing]),
        "missing_total": state.chunks - state.received,
        "age_s": round(state.age_s, 3),
        "spilled": state.spilled,
    }


def _plain(value: Any) -> Any:
    """A snapshot as JSON. Durations are told by number and mean: their buckets are in metrics."""
    if isinstance(value, DurationCounts):
        return {"count": value.total, "sum_s": round(value.sum_s, 6)}
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in list(value.items())[:MAX_LISTED]}
    if isinstance(value, tuple):
        return [_plain(each) for each in value[:MAX_LISTED]]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
