"""Where an image travels: straight through Kafka, in chunks, or by reference.

The guide's thresholds (section 2) are compared with the raw size; what the topic and the broker
really take may only push an image further: direct to chunked to reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.errors import ImageTooLarge, ObjectStoreNotConfigured
from wildfire_bench.settings import RoutingSettings
from wildfire_bench.streaming.envelope.metadata import MAX_METADATA_BYTES
from wildfire_bench.streaming.model import Route

__all__ = [
    "MAX_BLOCK_BYTES",
    "MIN_CHUNK_BYTES",
    "CarryingLimits",
    "Decision",
    "choose_route",
    "chunk_places",
    "escalate",
    "fitting_block_bytes",
    "fitting_chunk_bytes",
]

MIN_CHUNK_BYTES = 64 * 1024
"""Smaller chunks cost more in records than they carry; past it the reference route is taken."""
MAX_BLOCK_BYTES = 64_000_000
"""Largest block of an object, before encoding: as the largest chunk that the settings allow."""
ENVELOPE_BYTES = 8_192 + MAX_METADATA_BYTES
"""Room kept for key and headers of a chunk, the user's metadata on chunk 0 included; a source id
alone may take 4 kB of it."""
GROWTH_NUMERATOR, GROWTH_DENOMINATOR = 256, 257
"""Codecs here grow incompressible data by less than one part in 256."""


@dataclass(frozen=True, slots=True)
class CarryingLimits:
    """Largest records, as the brokers say."""

    direct_record_bytes: int
    """``max.message.bytes`` of the binary topic, or ``socket.request.max.bytes`` when smaller."""
    chunk_record_bytes: int
    """The same of the chunk topic."""
    object_store: bool
    """Whether the reference route is configured."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A route and why it was taken."""

    route: Route
    reason: str


def choose_route(size_bytes: int, routing: RoutingSettings, limits: CarryingLimits) -> Decision:
    """Pick the cheapest route that can carry an image.

    Parameters
    ----------
    size_bytes
        Raw size of the image.
    routing
        Thresholds: an image of exactly a threshold still goes the smaller route.
    limits
        What brokers and object store can carry.

    Raises
    ------
    ImageTooLarge
        If it is larger than any image may be.
    ObjectStoreNotConfigured
        If only the reference route could carry it. The message names the settings.

    Notes
    -----
    Guide, section 2: up to 20 MB direct, up to 100 MB in chunks, above by reference. 1 MB is
    1,000,000 bytes; topic limits are powers of two (MiB).
    """
    if size_bytes > routing.max_image_bytes:
        msg = (
            f"image is {size_bytes:,} bytes; at most {routing.max_image_bytes:,} are accepted: "
            "raise routing.max_image_bytes"
        )
        raise ImageTooLarge(msg)
    if size_bytes <= routing.direct_max_bytes:
        reason = f"{size_bytes:,} bytes, up to {routing.direct_max_bytes:,} go direct"
        return Decision(Route.DIRECT, reason)
    if size_bytes <= routing.chunked_max_bytes:
        reason = f"{size_bytes:,} bytes, up to {routing.chunked_max_bytes:,} go in chunks"
        return _chunked_or_further(size_bytes, routing, limits, reason)
    reason = f"{size_bytes:,} bytes, above {routing.chunked_max_bytes:,} by reference"
    return _by_reference(size_bytes, routing, limits, reason)


def escalate(
    size_bytes: int, record_bytes: int, routing: RoutingSettings, limits: CarryingLimits
) -> Decision:
    """Next route of an image whose direct record turned out too large for its topic.

    Raises
    ------
    ObjectStoreNotConfigured
        If only the reference route could carry it.
    """
    reason = (
        f"encoded record of {record_bytes:,} bytes is above the {limits.direct_record_bytes:,} "
        "that the binary topic takes"
    )
    return _chunked_or_further(size_bytes, routing, limits, reason)


def fitting_chunk_bytes(routing: RoutingSettings, limits: CarryingLimits) -> int:
    """Raw chunk size whose encoded record fits the topic even when nothing is gained.

    Returns
    -------
    int
        The setting, or less; 0 when even `MIN_CHUNK_BYTES` would not fit.
    """
    room = limits.chunk_record_bytes - ENVELOPE_BYTES
    fitting = min(routing.chunk_bytes, room * GROWTH_NUMERATOR // GROWTH_DENOMINATOR)
    return fitting if fitting >= MIN_CHUNK_BYTES else 0


def fitting_block_bytes(size_bytes: int, routing: RoutingSettings, max_blocks: int) -> int:
    """Raw block size by which an object has few enough blocks.

    Returns
    -------
    int
        ``routing.chunk_bytes``, doubled as often as needed; 0 when even blocks of
        `MAX_BLOCK_BYTES` would be too many.
    """
    block_bytes = routing.chunk_bytes
    while block_bytes * max_blocks < size_bytes and block_bytes < MAX_BLOCK_BYTES:
        block_bytes = min(2 * block_bytes, MAX_BLOCK_BYTES)
    return block_bytes if block_bytes * max_blocks >= size_bytes else 0


def chunk_places(size_bytes: int, chunk_bytes: int) -> tuple[tuple[int, int], ...]:
    """Offset and size of each chunk, in bytes, in order; only the last may be shorter."""
    return tuple(
        (offset, min(chunk_bytes, size_bytes - offset))
        for offset in range(0, size_bytes, chunk_bytes)
    )


def _chunked_or_further(
    size_bytes: int, routing: RoutingSettings, limits: CarryingLimits, reason: str
) -> Decision:
    if fitting_chunk_bytes(routing, limits):
        return Decision(Route.CHUNKED, reason)
    reason += f"; the chunk topic takes only {limits.chunk_record_bytes:,} bytes a record"
    return _by_reference(size_bytes, routing, limits, reason)


def _by_reference(
    size_bytes: int, routing: RoutingSettings, limits: CarryingLimits, reason: str
) -> Decision:
    if limits.object_store:
        return Decision(Route.REFERENCE, reason)
    msg = (
        f"image of {size_bytes:,} bytes needs the reference route ({reason}), and no object store "
        "is configured: set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY, or raise "
        f"routing.chunked_max_bytes (now {routing.chunked_max_bytes:,})"
    )
    raise ObjectStoreNotConfigured(msg)
