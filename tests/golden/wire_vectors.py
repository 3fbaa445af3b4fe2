"""Test vectors of wire format 1: how they are made by our writer, written once, and read back.

A vector is ``tests/golden/wire/<name>.json`` beside one ``<name>.<n>.value`` for each record.
The image that all of them carry is ``scene.tif``; an object in S3 is ``<name>.object``.
"""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from wildfire_bench.compression import ImageEncoder, encoder
from wildfire_bench.streaming.binary_serializer import encode_block
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.json_fallback import JSON_CODEC, encode_json_image
from wildfire_bench.streaming.model import (
    Envelope,
    ImageIdentity,
    Kind,
    ObjectLocation,
    RecordPlace,
    Route,
)
from wildfire_bench.streaming.receiving.ledger import CommitNote, fingerprint
from wildfire_bench.streaming.routing import chunk_places
from wildfire_bench.streaming.s3_reference_handler import object_key
from wildfire_bench.streaming.sending.chunk_split import split_source
from wildfire_bench.streaming.sending.image_source import ImageSource, identify
from wildfire_bench.streaming.stac.item import Location, build_item
from wildfire_bench.streaming.wire import Headers, write_envelope

FOLDER = Path(__file__).parent / "wire"

METADATA = {
    "timestamp": "2025-10-13T12:00:00+02:00",
    "satellite": "Landsat-8",
    "location": {"lat": 39.7596, "lon": -121.6219},
    "sensor": "OLI",
    "resolution_m": 30,
    "note": "rauchig – 煙",
}
SOURCE_ID = "landsat_nrt"
CHUNK_BYTES = 500
CREATED = datetime(2025, 10, 13, 12, 30, tzinfo=UTC)
CHUNKS_TOPIC = "wildfire-satellite-imagery-chunks"
BINARY_TOPIC = "wildfire-satellite-imagery-binary"


@dataclass(frozen=True, slots=True)
class Vector:
    """Records as they lie in a topic, and what a reader must find in them."""

    name: str
    description: str
    topic: str
    expect: dict[str, Any]
    """Identity, metadata, codec and so on, as plain JSON."""
    keys: list[str] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    encoder: str | None = None
    """The library that chose the payload's bytes; None where every writer gives the same."""
    stored_object: bytes | None = None
    """The object in S3 that a reference points to."""

    def add(self, key: bytes, headers: Headers, value: bytes) -> Vector:
        """The same with one more record."""
        return replace(
            self,
            keys=[*self.keys, key.decode()],
            headers=[*self.headers, headers],
            values=[*self.values, value],
        )

    def files(self) -> Iterator[tuple[str, bytes]]:
        """What is written for it, by file name."""
        records = [
            {
                "key": key,
                "headers": [[name, value.decode()] for name, value in headers],
                "value": f"{self.name}.{number}.value",
            }
            for number, (key, headers) in enumerate(zip(self.keys, self.headers, strict=True))
        ]
        document: dict[str, Any] = {
            "description": self.description,
            "topic": self.topic,
            "encoder": self.encoder,
            "expect": self.expect,
            "records": records,
        }
        for number, value in enumerate(self.values):
            yield f"{self.name}.{number}.value", value
        if self.stored_object is not None:
            document["object"] = f"{self.name}.object"
            yield f"{self.name}.object", self.stored_object
        text = json.dumps(document, indent=1, ensure_ascii=False)
        yield f"{self.name}.json", f"{text}\n".encode()

    @classmethod
    def read(cls, name: str) -> Vector:
        """Read a vector that was written once."""
        document = json.loads((FOLDER / f"{name}.json").read_bytes())
        records = document["records"]
        stored = document.get("object")
        return cls(
            name=name,
            description=document["description"],
            topic=document["topic"],
            encoder=document["encoder"],
            expect=document["expect"],
            keys=[record["key"] for record in records],
            headers=[[(k, v.encode()) for k, v in record["headers"]] for record in records],
            values=[(FOLDER / record["value"]).read_bytes() for record in records],
            stored_object=None if stored is None else (FOLDER / stored).read_bytes(),
        )


def vector_names() -> list[str]:
    """Names of all vectors that were written."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def scene() -> bytes:
    """A TIFF of 32 x 24 grey pixels of 16 bits: a ramp with a fire in it; 1,658 bytes."""
    width, height = 32, 24
    rows = [[900 + 7 * x + 11 * y for x in range(width)] for y in range(height)]
    for y in range(9, 13):
        rows[y][14:19] = [60_000 - 100 * y] * 5
    pixels = b"".join(struct.pack(f"<{width}H", *row) for row in rows)
    entries = [
        (256, 3, width), (257, 3, height), (258, 3, 16), (259, 3, 1), (262, 3, 1),
        (273, 4, 122), (277, 3, 1), (278, 3, height), (279, 4, len(pixels)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries))
    for tag, kind, number in entries:
        directory += struct.pack("<HHII", tag, kind, 1, number)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0" * 4 + pixels


def make_vectors() -> list[Vector]:
    """All vectors, from our writer as it is now."""
    vectors = [_direct(codec) for codec in ("stored", "gzip", "zstd")]
    vectors += [_direct_of_unknown_time(), _direct_replayed()]
    vectors += [_chunked("zstd"), _chunked_by_source(), _json()]
    vectors += [_item_direct(), _item_chunked(), _item_reference()]
    return [*vectors, _dead_letter(), _commit_note()]


def encoder_of(codec: str) -> str | None:
    """Which library, in which version, writes the payloads of a codec here."""
    version = ".".join(map(str, zstandard.ZSTD_VERSION))
    return {"zstd": f"zstd {version}", "gzip": f"zlib {zlib.ZLIB_RUNTIME_VERSION}"}.get(codec)


def _identity(image: bytes, metadata: dict[str, Any], source_id: str = SOURCE_ID) -> ImageIdentity:
    with ImageSource(image, len(image)) as source:
        return identify(source, metadata, source_id)


def _encoder(codec: str) -> ImageEncoder:
    level = {"gzip": 6, "zstd": 1}.get(codec)
    return encoder(codec, level).for_image(scene())


def _expect(identity: ImageIdentity, route: Route, **more: Any) -> dict[str, Any]:
    return {"identity": asdict(identity), "route": route.value, "metadata": METADATA, **more}


def _direct(codec: str) -> Vector:
    identity = _identity(scene(), METADATA)
    payload = bytes(encode_block(_encoder(codec), scene(), 0).payload)
    headers = write_envelope(Envelope(Kind.IMAGE, identity, codec, metadata=METADATA))
    return Vector(
        name=f"direct-{codec}",
        description=f"A whole image as one record with codec {codec}.",
        topic=BINARY_TOPIC,
        encoder=encoder_of(codec),
        expect=_expect(identity, Route.DIRECT, codec=codec),
    ).add(identity.image_id.encode(), headers, payload)


def _direct_of_unknown_time() -> Vector:
    image = bytes(range(7))
    identity = _identity(image, {}, "Dröhne 7/Süd")
    headers = write_envelope(Envelope(Kind.IMAGE, identity, "stored", metadata={}))
    return Vector(
        name="direct-of-unknown-time",
        description=(
            "Seven bytes of no known format, without metadata, from a source whose id has to be "
            "percent-encoded: no ce_time, and no time in the image id."
        ),
        topic=BINARY_TOPIC,
        expect=_expect(identity, Route.DIRECT, codec="stored") | {"metadata": {}},
    ).add(identity.image_id.encode(), headers, image)


def _direct_replayed() -> Vector:
    identity = _identity(scene(), METADATA)
    envelope = Envelope(Kind.IMAGE, identity, "stored", metadata=METADATA, replay="5eed")
    return Vector(
        name="direct-replayed",
        description="A dead letter sent again: a new delivery of the same image.",
        topic=BINARY_TOPIC,
        expect=_expect(identity, Route.DIRECT, codec="stored", replay="5eed"),
    ).add(identity.image_id.encode(), write_envelope(envelope), scene())


def _chunked(codec: str) -> Vector:
    identity = _identity(scene(), METADATA)
    vector = Vector(
        name=f"chunked-{codec}",
        description=(
            f"Four chunks with codec {codec}, as they may arrive: in the order 2, 0, 3, 2 (again), "
            "1. Chunk 0 carries the metadata, chunk 3 is shorter."
        ),
        topic=CHUNKS_TOPIC,
        encoder=encoder_of(codec),
        expect=_expect(identity, Route.CHUNKED, codec=codec),
    )
    return _with_chunks(vector, identity, codec, identity.image_id.encode(), (2, 0, 3, 2, 1))


def _chunked_by_source() -> Vector:
    identity = _identity(scene(), METADATA)
    vector = Vector(
        name="chunked-by-source",
        description="Four chunks, stored, whose key is the source id: order by source was asked.",
        topic=CHUNKS_TOPIC,
        expect=_expect(identity, Route.CHUNKED, codec="stored"),
    )
    return _with_chunks(vector, identity, "stored", SOURCE_ID.encode(), (0, 1, 2, 3))


def _with_chunks(
    vector: Vector, identity: ImageIdentity, codec: str, key: bytes, order: Sequence[int]
) -> Vector:
    async def split() -> list[tuple[bytes, Headers, bytes]]:
        with ThreadPoolExecutor(1) as pool, ImageSource(scene(), 1 << 20) as source:
            return [
                (chunk.key, chunk.headers, bytes(chunk.value))
                async for chunk in split_source(
                    source,
                    identity,
                    METADATA,
                    places=chunk_places(identity.size_bytes, CHUNK_BYTES),
                    encoder=_encoder(codec),
                    pool=pool,
                    turns=asyncio.Semaphore(1),
                    key=key,
                )
            ]

    chunks = asyncio.run(split())
    for index in order:
        vector = vector.add(*chunks[index])
    return vector


def _json() -> Vector:
    identity = _identity(scene(), METADATA)
    value = encode_json_image(scene(), METADATA, identity)
    envelope = Envelope(Kind.JSON, identity, JSON_CODEC, value_digest=digest_of(value))
    return Vector(
        name="json",
        description="The rollback: image and metadata as one base64 JSON document.",
        topic="wildfire-satellite-imagery-json",
        expect=_expect(identity, Route.JSON, codec=JSON_CODEC),
    ).add(identity.image_id.encode(), write_envelope(envelope), value)


def _item_direct() -> Vector:
    return _item(
        "item-direct",
        "The catalogue entry of a direct image.",
        (RecordPlace(BINARY_TOPIC, 5, 1234),),
        Route.DIRECT,
        "zstd",
    )


def _item_chunked() -> Vector:
    places = [RecordPlace(CHUNKS_TOPIC, 3, offset) for offset in (70, 71, 75, 76)]
    return _item(
        "item-chunked",
        "The catalogue entry of a chunked image, with another image's records among its chunks.",
        tuple(places),
        Route.CHUNKED,
        "zstd",
    )


def _item_reference() -> Vector:
    places = chunk_places(len(scene()), CHUNK_BYTES)
    blocks = [encode_block(_encoder("zstd"), scene()[at : at + size], at) for at, size in places]
    payloads = [bytes(block.payload) for block in blocks]
    location = ObjectLocation(
        bucket="wildfire-satellite-imagery",
        key=object_key(_identity(scene(), METADATA), "zstd-1-500"),
        size_bytes=sum(map(len, payloads)),
        blocks=tuple(
            (len(payload), block.size_bytes, block.digest)
            for payload, block in zip(payloads, blocks, strict=True)
        ),
    )
    vector = _item(
        "item-reference",
        "A claim check: the entry is the record itself; its object holds four blocks back to back.",
        location,
        Route.REFERENCE,
        "zstd",
        presigned_url="https://s3.example/wildfire-satellite-imagery/scene?X-Amz-Signature=00",
        presigned_expires="2025-10-13T13:30:00Z",
    )
    return replace(vector, encoder=encoder_of("zstd"), stored_object=b"".join(payloads))


def _item(
    name: str, description: str, location: Location, route: Route, codec: str, **more: Any
) -> Vector:
    identity = _identity(scene(), METADATA)
    value = build_item(identity, METADATA, route, codec, location, created=CREATED)
    dataref = location.uri if isinstance(location, ObjectLocation) else None
    envelope = Envelope(
        Kind.ITEM, identity, codec, value_digest=digest_of(value), dataref=dataref, **more
    )
    plain = json.loads(json.dumps(location, default=asdict))
    return Vector(
        name=name,
        description=description,
        topic="wildfire-satellite-imagery-metadata",
        expect=_expect(identity, route, codec=codec, location=plain),
    ).add(identity.image_id.encode(), write_envelope(envelope), value)


def _dead_letter() -> Vector:
    identity = _identity(scene(), METADATA)
    letter = DeadLetter(
        reason="image is incomplete (2 of 4 chunks missing) and older than 300 s",
        error="IncompleteImage",
        places=(RecordPlace(CHUNKS_TOPIC, 3, 70), RecordPlace(CHUNKS_TOPIC, 3, 75)),
        image_id=identity.image_id,
        source_id=identity.source_id,
        size_bytes=identity.size_bytes,
        missing=(1, 3),
        group_id="burn-scars",
        time="2025-10-13T10:05:00.000+00:00",
    )
    headers = [(name, _bytes(value)) for name, value in letter.headers()]
    return Vector(
        name="dead-letter",
        description="A chunked image that was given up with two chunks missing.",
        topic="wildfire-dead-letters",
        expect=json.loads(json.dumps(asdict(letter))),
    ).add(letter.key(), headers, letter.encode())


def _commit_note() -> Vector:
    note = CommitNote(
        position=76,
        behind=(fingerprint("a"),),
        ahead=(fingerprint("b"), fingerprint("b", "5eed")),
        handed=(fingerprint("c"),),
    )
    expect = {"text": note.encode(), "note": json.loads(json.dumps(asdict(note)))}
    return Vector(
        name="commit-note",
        description=(
            "The metadata of a committed offset: not a record. Images a (acknowledged, behind), b "
            "and its replay 5eed (acknowledged, ahead) and c (in hand)."
        ),
        topic="__consumer_offsets",
        expect=expect,
    )


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
