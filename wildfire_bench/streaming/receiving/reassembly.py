"""All images that are being put together: bounded in number, memory, disk and age."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from wildfire_bench.errors import ImageTooLarge, ReassemblyOverflow
from wildfire_bench.settings import ConsumerSettings, RoutingSettings
from wildfire_bench.streaming.html_repr import Fact, chunk_strip, facts_html
from wildfire_bench.streaming.model import Chunk
from wildfire_bench.streaming.receiving.assembly import Assembly, ReassemblyState
from wildfire_bench.streaming.receiving.image_buffer import BufferBudget

__all__ = ["Admission", "PartitionClock", "Reassembly", "ReassemblyStatus"]


@dataclass(frozen=True, slots=True)
class ReassemblyStatus:
    """Sum of all images in reassembly."""

    in_flight: int
    held_bytes: int
    spilled_bytes: int
    oldest_age_s: float
    images: tuple[ReassemblyState, ...]

    def facts(self) -> tuple[Fact, ...]:
        """How they stand, in words, each with a strip of its chunks."""
        held = f"{self.held_bytes:,} bytes in memory, {self.spilled_bytes:,} spilled to disk"
        images = (
            Fact(
                each.image_id,
                _progress(each),
                chunk_strip(each.received, each.chunks, each.missing),
            )
            for each in self.images
        )
        return (Fact("Held", held), Fact("Oldest", f"{self.oldest_age_s:.1f} s"), *images)

    def _repr_html_(self) -> str:
        return facts_html("Reassembly", f"{self.in_flight:,} images", self.facts())


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a chunk that was handed in."""

    assembly: Assembly
    fresh: bool
    """False for a duplicate."""


class PartitionClock:
    """The time of a partition: that of its records while it is read, the local one at its end.

    An old backlog, read fast, so never times out falsely, and an image whose last chunks never
    come does time out.
    """

    def __init__(self) -> None:
        self._latest_ms = 0.0
        self._idle_since: float | None = None

    def observe(self, timestamp_ms: float | None) -> None:
        """Note a record; without a time stamp it counts as written now."""
        written_ms = time.time() * 1000 if timestamp_ms is None else timestamp_ms
        self._latest_ms = max(self._latest_ms, written_ms)
        self._idle_since = None

    def at_end(self) -> None:
        """Note that there is nothing to read: from now on the local clock counts."""
        if self._idle_since is None:
            self._idle_since = time.monotonic()

    def suspend(self) -> None:
        """Stop the local clock: fetching waits, so what is missing may lie behind the pause."""
        self._idle_since = None

    def now_ms(self) -> float:
        """Milliseconds since the epoch, as far as this partition knows."""
        idle_since = self._idle_since  # another thread may ask, for the status
        if idle_since is None:
            return self._latest_ms
        return self._latest_ms + (time.monotonic() - idle_since) * 1000


class Reassembly:
    """Incomplete images by scope (a partition), image and number of chunks.

    Called from one thread; only `Assembly.fill` may run in others.
    """

    def __init__(self, consumer: ConsumerSettings, routing: RoutingSettings) -> None:
        self._limits = consumer
        self._max_image_bytes = routing.max_image_bytes
        self.budget = BufferBudget(consumer.memory_bytes, consumer.spill_bytes, consumer.spill_dir)
        self._assemblies: dict[tuple[Hashable, ...], Assembly] = {}
        self._evicted: list[Assembly] = []

    def admit(self, chunk: Chunk, scope: Hashable, now_ms: float) -> Admission:
        """Find or open the assembly of a chunk and claim its place.

        Older incomplete images may have to make room: ask `take_evicted` afterwards, also after
        an error.

        Raises
        ------
        ImageTooLarge
            If the image is larger than any may be; nothing is allocated then.
        ReassemblyOverflow
            If there is no room for it even without all the others.
        CorruptEnvelope
            If the chunk contradicts the ones before it.
        """
        key = _key(chunk, scope)
        assembly = self._assemblies.get(key)
        if assembly is None:
            assembly = self._assemblies[key] = self._open(chunk, now_ms)
        return Admission(assembly, assembly.claim(chunk))

    def take_evicted(self) -> tuple[Assembly, ...]:
        """Images that had to make room since the last call; nobody else will report them."""
        evicted, self._evicted = tuple(self._evicted), []
        return evicted

    def expire(self, scope: Hashable, now_ms: float) -> tuple[Assembly, ...]:
        """Take out the images of a scope that are incomplete past the time-out."""
        oldest_ms = now_ms - self._limits.reassembly_timeout_s * 1000
        expired = [
            assembly
            for key, assembly in self._assemblies.items()
            if key[0] == scope and assembly.first_ms < oldest_ms and not assembly.all_claimed
        ]
        for assembly in expired:
            self.forget(assembly)
        return tuple(expired)

    def forget(self, assembly: Assembly) -> None:
        """Take an assembly out and give its memory back, unless it was handed on."""
        self.detach(assembly)
        assembly.buffer.release()

    def detach(self, assembly: Assembly) -> None:
        """Take a finished assembly out; its buffer stays accounted for until it is released."""
        for key, value in self._assemblies.items():
            if value is assembly:
                del self._assemblies[key]
                return

    def drop_scope(self, scope: Hashable) -> None:
        """Forget everything of a partition that was taken away."""
        for key, assembly in tuple(self._assemblies.items()):
            if key[0] == scope:
                self.forget(assembly)

    def status(
        self, now_ms: Callable[[Hashable], float], max_images: int | None = None
    ) -> ReassemblyStatus:
        """What is in reassembly; `now_ms` gives the time of a scope.

        With `max_images` the sums are of all, and as many are listed, the first to come first.
        """
        in_flight, oldest_age_s = self.extent(now_ms)
        listed = tuple(self._assemblies.items())[:max_images]
        return ReassemblyStatus(
            in_flight=in_flight,
            held_bytes=self.budget.memory_bytes,
            spilled_bytes=self.budget.spilled_bytes,
            oldest_age_s=oldest_age_s,
            images=tuple(assembly.state(now_ms(key[0])) for key, assembly in listed),
        )

    def find(
        self, image_id: str, now_ms: Callable[[Hashable], float]
    ) -> tuple[ReassemblyState, ...]:
        """How far one image is: more than one state if resends were cut differently."""
        found = tuple(self._assemblies.items())
        return tuple(
            assembly.state(now_ms(key[0]))
            for key, assembly in found
            if assembly.image_id == image_id
        )

    def extent(self, now_ms: Callable[[Hashable], float]) -> tuple[int, float]:
        """Images in reassembly, and the age of the oldest in seconds; looks into none of them."""
        found = tuple(self._assemblies.items())
        ages_ms = (now_ms(key[0]) - assembly.first_ms for key, assembly in found)
        return len(found), max((0.0, *ages_ms)) / 1000

    def _open(self, chunk: Chunk, now_ms: float) -> Assembly:
        size = chunk.envelope.identity.size_bytes
        if size > self._max_image_bytes:
            msg = (
                f"image {chunk.image_id} announces {size:,} bytes; at most "
                f"{self._max_image_bytes:,} are accepted: raise routing.max_image_bytes"
            )
            raise ImageTooLarge(msg)
        while len(self._assemblies) >= self._limits.max_incomplete_images:
            self._evict_oldest(chunk)
        while (buffer := self.budget.allocate(size)) is None:
            self._evict_oldest(chunk)
        return Assembly(chunk, buffer, now_ms)

    def _evict_oldest(self, chunk: Chunk) -> None:
        incomplete = (found for found in self._assemblies.values() if not found.all_claimed)
        oldest = min(incomplete, key=lambda found: found.first_ms, default=None)
        if oldest is None:
            msg = (
                f"no room for {chunk.image_id} ({chunk.envelope.identity.size_bytes:,} bytes): "
                f"{self.budget.memory_bytes:,} are held in memory and "
                f"{self.budget.spilled_bytes:,} spilled: raise kafka_consumer.memory_bytes or "
                "spill_bytes, or free disk space"
            )
            raise ReassemblyOverflow(msg)
        self.forget(oldest)
        self._evicted.append(oldest)


def _key(chunk: Chunk, scope: Hashable) -> tuple[Hashable, ...]:
    """Resends share an assembly; a resend cut into other chunks gets one of its own."""
    return scope, chunk.image_id, chunk.envelope.replay, chunk.block.count


def _progress(state: ReassemblyState) -> str:
    received = f"{state.received:,} of {state.chunks:,} chunks"
    where = ", spilled to disk" if state.spilled else ""
    return f"{received}, {state.received_bytes:,} of {state.size_bytes:,} bytes{where}"
