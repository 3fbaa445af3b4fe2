"""docs/wire-format.md says what the code does: its names, and the numbers of its examples."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import xxhash

from tests.golden.wire_vectors import Vector, vector_names
from wildfire_bench.compression import codec_names
from wildfire_bench.streaming import wire
from wildfire_bench.streaming.envelope.image_id import image_id_of
from wildfire_bench.streaming.model import Kind, Route
from wildfire_bench.streaming.wire import RESERVED_HEADERS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "wire-format.md").read_text(encoding="utf-8")
EXAMPLE = {"wf_version": "1", "ce_type": "wildfire.satellite.image.v1", "wf_codec": "zstd"}


def table(heading: str) -> list[list[str]]:
    """Cells of the first table after a heading."""
    rows = TEXT.partition(f"## {heading}\n")[2].partition("\n|")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()[2:]]


def test_every_header_that_is_written_is_in_the_document_and_none_else() -> None:
    vectors = [Vector.read(name) for name in vector_names()]
    written = {name for vector in vectors for headers in vector.headers for name, _ in headers}
    assert {row[0].strip("`") for row in table("Headers")} == written


def test_the_canonical_form_of_the_example_is_that_of_the_document() -> None:
    shown = re.search(r"```text\n([0-9a-f \n]+)```", TEXT)
    assert shown is not None
    canonical = b"".join(
        struct.pack("<I", len(part)) + part.encode()
        for name in sorted(EXAMPLE)
        for part in (name, EXAMPLE[name])
    )
    assert bytes.fromhex(shown[1]) == canonical
    assert f"of {len(canonical)} bytes" in TEXT


def test_the_digest_of_the_example_is_that_of_the_document_and_of_the_writer() -> None:
    shown = re.search(r"of 81 bytes and the digest `(xxh3-128:[0-9a-f]{32})`", TEXT)
    assert shown is not None
    text = re.search(r"```text\n([0-9a-f \n]+)```", TEXT)
    assert text is not None
    assert shown[1] == f"xxh3-128:{xxhash.xxh3_128_hexdigest(bytes.fromhex(text[1]))}"
    headers = [(name, value.encode()) for name, value in EXAMPLE.items()]
    assert shown[1] == wire._envelope_digest(headers)


def test_the_image_id_of_the_example_follows_from_its_parts() -> None:
    found = re.search(
        r"The source `(.+)`, the time `(.+)` and the digest\n`(.+)` give\n`(.+)`\.", TEXT
    )
    assert found is not None
    source_id, acquired, digest, image_id = found.groups()
    assert image_id == image_id_of(source_id, acquired, digest)
    unique = xxhash.xxh3_128_hexdigest("\0".join((source_id, acquired, digest)).encode())
    assert image_id == f"{source_id}-20251013T100000-{unique}"


def test_every_kind_of_record_route_and_reserved_name_is_in_the_document() -> None:
    for name in [*Kind, *RESERVED_HEADERS]:
        assert f"`{name}`" in TEXT
    assert [row[0] for row in table("Records")] == [route.value for route in Route]


def test_every_codec_is_defined_here_or_in_the_codec_document() -> None:
    codecs = (DOCS / "codec-format.md").read_text(encoding="utf-8")
    assert [name for name in codec_names() if f"`{name}`" not in TEXT + codecs] == []


def test_every_vector_is_in_the_document_and_none_else() -> None:
    cells = " ".join(row[0] for row in table("Test vectors"))
    assert set(re.findall(r"`([a-z-]+)`", cells)) == set(vector_names())
