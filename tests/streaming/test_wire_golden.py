"""Records of wire format 1 that were written once stay readable, and are still what we write."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from tests.golden import write_wire
from tests.golden.wire_vectors import (
    FOLDER,
    Vector,
    encoder_of,
    make_vectors,
    scene,
    vector_names,
)
from wildfire_bench.compression import decoder
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.binary_serializer import BinaryImageSerializer, decode_block
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.envelope.digest import check_digest
from wildfire_bench.streaming.image_chunk_manager import ImageChunkManager
from wildfire_bench.streaming.json_fallback import decode_json_image
from wildfire_bench.streaming.model import Envelope, Kind, ObjectLocation
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.stac.item import parse_item
from wildfire_bench.streaming.wire import read_envelope

IMAGES = [name for name in vector_names() if name.startswith(("direct", "chunked", "json"))]
ITEMS = [name for name in vector_names() if name.startswith("item")]
WRITTEN_NOW = {vector.name: vector for vector in make_vectors()}


def plain(value: object) -> object:
    return json.loads(json.dumps(value, default=asdict))


def image_of(vector: Vector) -> bytes:
    return bytes(range(7)) if "unknown-time" in vector.name else scene()


def envelopes_of(vector: Vector) -> list[Envelope]:
    records = zip(vector.headers, vector.keys, strict=True)
    return [read_envelope(headers, key.encode()) for headers, key in records]


@pytest.mark.parametrize("name", [*IMAGES, *ITEMS])
def test_the_envelope_of_a_vector_says_which_image_it_is(name: str) -> None:
    vector = Vector.read(name)
    for envelope in envelopes_of(vector):
        assert plain(envelope.identity) == vector.expect["identity"]
        assert envelope.codec == vector.expect["codec"]
        assert envelope.replay == vector.expect.get("replay")


@pytest.mark.parametrize("name", [name for name in IMAGES if name.startswith("direct")])
def test_a_direct_vector_is_its_image(name: str) -> None:
    vector = Vector.read(name)
    (envelope,), (value,) = envelopes_of(vector), vector.values
    reader = BinaryImageSerializer(decoder(envelope.codec), max_image_bytes=1 << 20)
    assert reader.deserialize(envelope, value) == image_of(vector)
    assert envelope.metadata == vector.expect["metadata"]


@pytest.mark.parametrize("name", [name for name in IMAGES if name.startswith("chunked")])
async def test_a_chunked_vector_is_its_image_in_the_order_in_which_it_came(name: str) -> None:
    vector = Vector.read(name)
    async with ImageChunkManager(Settings()) as chunks:
        outcomes = [
            await chunks.add_chunk_for_reassembly(chunks.deserialize_chunk((value, headers)))
            for headers, value in zip(vector.headers, vector.values, strict=True)
        ]
    assert outcomes[:-1] == [None] * (len(outcomes) - 1)
    assert outcomes[-1] == (scene(), vector.expect["metadata"])


def test_the_json_vector_is_its_image() -> None:
    vector = Vector.read("json")
    (envelope,), (value,) = envelopes_of(vector), vector.values
    assert envelope.kind is Kind.JSON
    check_digest(value, envelope.value_digest or "", "JSON image")
    found = decode_json_image(value, envelope.identity.size_bytes)
    assert found == (scene(), vector.expect["metadata"])


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_vector_says_where_its_payload_lies(name: str) -> None:
    vector = Vector.read(name)
    (envelope,), (value,) = envelopes_of(vector), vector.values
    check_digest(value, envelope.value_digest or "", "catalogue entry")
    entry = parse_item(value)
    assert plain(entry) == vector.expect


def test_the_object_of_a_reference_is_its_blocks_back_to_back() -> None:
    vector = Vector.read("item-reference")
    location = parse_item(vector.values[0]).location
    assert isinstance(location, ObjectLocation)
    assert envelopes_of(vector)[0].dataref == location.uri
    stored, image, at = vector.stored_object or b"", b"", 0
    for encoded, size, digest in location.blocks:
        out = memoryview(bytearray(size))
        decode_block("zstd", stored[at : at + encoded], out, digest, "block")
        image, at = image + bytes(out), at + encoded
    assert (image, at) == (scene(), len(stored))


def test_the_dead_letter_vector_says_what_was_given_up() -> None:
    vector = Vector.read("dead-letter")
    assert plain(DeadLetter.decode(vector.values[0])) == vector.expect


def test_the_commit_note_vector_says_what_was_done() -> None:
    expect = Vector.read("commit-note").expect
    assert plain(CommitNote.decode(expect["text"])) == expect["note"]


@pytest.mark.parametrize("name", vector_names())
def test_keys_headers_and_expectations_are_written_today_as_they_were(name: str) -> None:
    then, now = Vector.read(name), WRITTEN_NOW[name]
    assert (now.keys, now.headers, now.expect) == (then.keys, then.headers, then.expect)


@pytest.mark.parametrize("name", vector_names())
def test_payloads_are_written_today_as_they_were(name: str) -> None:
    then, now = Vector.read(name), WRITTEN_NOW[name]
    codec = then.expect.get("codec", "")
    if then.encoder != encoder_of(codec) and then.encoder is not None:
        pytest.skip(f"{then.encoder} wrote it, {encoder_of(codec)} may choose other bytes")
    assert (now.values, now.stored_object) == (then.values, then.stored_object)


def test_every_vector_that_the_writer_makes_was_written() -> None:
    assert set(WRITTEN_NOW) == set(vector_names())


def test_the_scene_of_the_vectors_is_a_tiff() -> None:
    tifffile = pytest.importorskip("tifffile")
    pixels = tifffile.imread(FOLDER / "scene.tif")
    assert (pixels.shape, pixels.dtype, pixels[10, 15]) == ((24, 32), "uint16", 59_000)


def test_vectors_that_are_there_are_never_written_again(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
    assert write_wire.main() == 1
    assert {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == before
    assert "left alone" in capsys.readouterr().out
