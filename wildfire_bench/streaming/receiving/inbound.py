"""An image on its way to the caller, and the partition it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.streaming.model import Envelope, RecordPlace, Route
from wildfire_bench.streaming.observation.receiving_tally import PartitionFigures
from wildfire_bench.streaming.receiving.assembly import Assembly
from wildfire_bench.streaming.receiving.ledger import CommitNote, PartitionLedger, fingerprint
from wildfire_bench.streaming.receiving.reassembly import PartitionClock

__all__ = ["InboundImage", "PartitionState"]


@dataclass(slots=True, eq=False)
class InboundImage:
    """One image from its first record to its acknowledgement; changed by the consumer's thread.

    Its life: records come (`whole` once all are here), decoding in the pool (`data` once
    verified), a place among the images in hand (`marked`, and `announced` once that is committed),
    then with the caller (`handed`), then settled.
    """

    partition: PartitionState
    envelope: Envelope
    route: Route
    redelivered: bool
    written_ms: float | None = None
    """Time stamp of the first of its records that came, milliseconds since the epoch."""
    assembly: Assembly | None = None
    places: list[RecordPlace] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    data: memoryview | None = None
    verified_s: float | None = None
    """When it was, on `time.perf_counter`."""
    whole: bool = False
    marked: bool = False
    announced: bool = False
    handed: bool = False
    settled: bool = False
    release: Callable[[], None] | None = None
    """Gives its memory back."""

    @property
    def mark(self) -> int:
        """Fingerprint of this delivery."""
        return fingerprint(self.envelope.identity.image_id, self.envelope.replay)

    @property
    def size_bytes(self) -> int:
        """Of the image."""
        return self.envelope.identity.size_bytes

    @property
    def gone(self) -> bool:
        """Whether it is no longer this consumer's to hand over or acknowledge."""
        return self.settled or self.partition.lost

    @property
    def partitions(self) -> tuple[PartitionState]:
        """The one that has all its records."""
        return (self.partition,)

    def note_done(self) -> None:
        """Tell the ledger that it was delivered and its offsets are needed no more."""
        last_offset = max(place.offset for place in self.places)
        self.partition.ledger.deliver(self.mark, self, last_offset)

    def lost_error(self) -> AcknowledgementLost:
        """Say that its partition went before it was settled."""
        state = self.partition
        msg = (
            f"image {self.envelope.identity.image_id} was not acknowledged: partition "
            f"{state.partition} of {state.topic} is no longer this consumer's; it comes again"
        )
        return AcknowledgementLost(msg)

    def free(self) -> None:
        """Give its memory back, once."""
        release, self.release = self.release, None
        if release is not None:
            release()


class PartitionState:
    """What the consumer knows of an assigned partition."""

    def __init__(self, topic: str, partition: int, position: int, note: CommitNote) -> None:
        self.topic, self.partition = topic, partition
        self.ledger = PartitionLedger(position, note)
        self.clock = PartitionClock()
        self.images: dict[tuple[int, int], InboundImage] = {}
        """Open images by fingerprint and number of chunks (1 for whole ones)."""
        self.lost = False
        self.end_offset: int | None = None
        """Offset after the last record, as the last fetch told it; None until then."""
        self.committed: tuple[int, CommitNote] = (position, note)

    @property
    def scope(self) -> tuple[str, int]:
        """Topic and partition."""
        return self.topic, self.partition

    def figures(self) -> PartitionFigures:
        """How it stands; from any thread."""
        ledger = self.ledger
        return PartitionFigures(
            self.topic, self.partition, ledger.position, ledger.safe_offset, self.end_offset
        )

    def open_images(self, mark: int) -> list[InboundImage]:
        """Open images with a fingerprint: more than one if resends were cut differently."""
        return [image for (found, _), image in self.images.items() if found == mark]
