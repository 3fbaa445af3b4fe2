"""The values that travel through the system: frozen, and all they do is tell what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wildfire_bench.errors import InputError
from wildfire_bench.streaming.html_repr import Fact, facts_html

__all__ = [
    "BlockPlace",
    "Chunk",
    "Envelope",
    "ImageIdentity",
    "Kind",
    "ObjectLocation",
    "Receipt",
    "RecordPlace",
    "Renewal",
    "Route",
    "check_reason",
    "places_in_words",
    "seconds_in_words",
]


class Route(StrEnum):
    """Where an image travels."""

    DIRECT = "direct"
    """One record with the whole image."""
    CHUNKED = "chunked"
    """Several records, each an independently decodable block."""
    REFERENCE = "reference"
    """An object in S3 and a record that points to it (claim check)."""
    JSON = "json"
    """Base64 JSON on its own topic: the rollback of the guide's section 9."""


class Kind(StrEnum):
    """What a record is; the value of ``ce_type``."""

    IMAGE = "wildfire.satellite.image.v1"
    CHUNK = "wildfire.satellite.image.chunk.v1"
    ITEM = "wildfire.satellite.image.item.v1"
    JSON = "wildfire.satellite.image.json.v1"
    DEAD_LETTER = "wildfire.dead-letter.v1"


@dataclass(frozen=True, slots=True)
class ImageIdentity:
    """What an image is, whoever carries it: the outcome of looking at its bytes once."""

    image_id: str
    source_id: str
    size_bytes: int
    digest: str
    """Algorithm and hexadecimal digest of the raw image: ``xxh3-128:...``."""
    media_type: str
    """By content: ``image/tiff``, ``image/jp2``, ... ``application/octet-stream``."""
    acquired: str | None
    """The user's ``timestamp``, as RFC 3339 in UTC, or None."""

    def facts(self) -> tuple[Fact, ...]:
        """What it is, in words."""
        return (
            Fact("Image", self.image_id),
            Fact("Source", self.source_id),
            Fact("Acquired", self.acquired or "unknown"),
            Fact("Raw", f"{self.size_bytes:,} bytes, {self.media_type}"),
            Fact("Digest", self.digest),
        )


@dataclass(frozen=True, slots=True)
class Renewal:
    """Sends an image that was sent before to those who have it already, as with other metadata.

    Without it, consumers pass over an image that they had, whatever is told of it now.
    """

    image_id: str
    """Which image; another one, as metadata with another time makes it, is sent as itself."""
    token: str
    """Makes it another delivery. With the same token it is the same one, so that a send that was
    not acknowledged is safe to repeat."""

    def token_for(self, identity: ImageIdentity) -> str | None:
        """The token, if it is that image."""
        return self.token if identity.image_id == self.image_id else None


@dataclass(frozen=True, slots=True)
class BlockPlace:
    """Where a chunk's decoded bytes belong in the image."""

    index: int
    count: int
    offset_bytes: int
    size_bytes: int
    digest: str
    """Of the decoded bytes of this chunk."""


@dataclass(frozen=True, slots=True)
class ObjectLocation:
    """An object in S3 that holds an encoded image."""

    bucket: str
    key: str
    size_bytes: int
    """Encoded bytes, as stored."""
    blocks: tuple[tuple[int, int, str], ...]
    """Encoded size, decoded size and digest of the decoded bytes of each block, in order."""

    @property
    def uri(self) -> str:
        """The CloudEvents ``dataref``."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that the headers of an image record say."""

    kind: Kind
    identity: ImageIdentity
    codec: str
    """Wire name of the codec of the payload."""
    metadata: Mapping[str, Any] | None = None
    """The user's metadata; on direct records and chunk 0."""
    block: BlockPlace | None = None
    """On chunks."""
    value_digest: str | None = None
    """Of the value as it lies there; on records whose value is JSON."""
    dataref: str | None = None
    """On references."""
    presigned_url: str | None = field(default=None, repr=False)
    presigned_expires: str | None = None
    replay: str | None = None
    """A token that makes it a new delivery of the same image: replayed, or with other metadata."""


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Coordinates of one record."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as received: its envelope and its still encoded payload."""

    envelope: Envelope
    payload: bytes = field(repr=False)
    place: RecordPlace | None = None
    timestamp_ms: int | None = None
    """Record time stamp, milliseconds since the epoch; None when the transport gave none."""

    @property
    def image_id(self) -> str:
        """Which image it belongs to."""
        return self.envelope.identity.image_id

    @property
    def block(self) -> BlockPlace:
        """Where it belongs in the image."""
        block = self.envelope.block
        if block is None:  # deserialize_chunk lets no other kind through
            msg = "a Chunk needs a block"
            raise TypeError(msg)
        return block


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a sent image; exists only after all in-sync replicas acknowledged it."""

    identity: ImageIdentity
    route: Route
    reason: str
    """Why this route, with the figures."""
    codec: str
    level: int | None
    places: tuple[RecordPlace, ...]
    """Payload records (none for a reference), in chunk order."""
    item_place: RecordPlace | None
    """The STAC Item on the metadata topic."""
    raw_bytes: int
    encoded_bytes: int
    wire_bytes: int
    """Encoded bytes plus headers, keys and record overhead; metadata record included."""
    seconds: Mapping[str, float]
    """Seconds per stage: ``identify``, ``encode`` (all threads), ``send`` (until the payload was
    acknowledged, encoding included), ``catalogue`` (its entry), ``total``."""
    dataref: str | None = None
    codec_reason: str | None = None
    """Why this codec, when it was chosen by content (``codec: auto`` in the matrix)."""

    @property
    def image_id(self) -> str:
        """Identity of the image, equal for every resend."""
        return self.identity.image_id

    @property
    def ratio(self) -> float:
        """Raw bytes per encoded byte."""
        return self.raw_bytes / self.encoded_bytes

    def facts(self) -> tuple[Fact, ...]:
        """What became of the image, in words; no pre-signed URL is among them."""
        level = "" if self.level is None else f", level {self.level}"
        why = "" if self.codec_reason is None else f": {self.codec_reason}"
        encoded = f"{self.encoded_bytes:,} bytes, {self.ratio:.2f} raw bytes to one"
        item = () if self.item_place is None else (self.item_place,)
        return (
            Fact("Route", f"{self.route.value}: {self.reason}"),
            Fact("Codec", f"{self.codec}{level}{why}"),
            *self.identity.facts(),
            Fact("Encoded", encoded),
            Fact("On the wire", f"{self.wire_bytes:,} bytes"),
            Fact("Records", places_in_words(self.places)),
            Fact("Catalogue entry", places_in_words(item)),
            Fact("Object", self.dataref or "none"),
            Fact("Seconds", seconds_in_words(self.seconds)),
        )

    def _repr_html_(self) -> str:
        return facts_html("Receipt", self.image_id, self.facts())


def places_in_words(places: Sequence[RecordPlace]) -> str:
    """Where records lie; those of one image share topic and partition."""
    if not places:
        return "none"
    first, last = places[0], places[-1]
    where = f"{first.topic}, partition {first.partition}"
    if len(places) == 1:
        return f"{where}, offset {first.offset:,}"
    return f"{len(places):,} in {where}, offsets {first.offset:,} to {last.offset:,}"


def seconds_in_words(seconds: Mapping[str, float]) -> str:
    """How long each stage took."""
    return ", ".join(f"{stage} {value:.3f}" for stage, value in seconds.items()) or "not measured"


def check_reason(reason: object) -> None:
    """Refuse a refusal without words: None would acknowledge.

    Raises
    ------
    InputError
        If the reason is no text.
    """
    if not isinstance(reason, str):
        msg = f"reason is {reason!r:.80}: say in words why it is refused"
        raise InputError(msg)
