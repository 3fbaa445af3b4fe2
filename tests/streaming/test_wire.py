from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.streaming.strategies import envelopes
from wildfire_bench.errors import CorruptData, CorruptEnvelope, UnsupportedFormat
from wildfire_bench.streaming.envelope.image_id import image_id_of
from wildfire_bench.streaming.model import Envelope, ImageIdentity, Kind
from wildfire_bench.streaming.wire import read_envelope, record_bytes, write_envelope

DIGEST = "xxh3-128:" + "0" * 32
IDENTITY = ImageIdentity(
    image_id=image_id_of("landsat_nrt", "2025-10-13T10:00:00Z", DIGEST),
    source_id="landsat_nrt",
    size_bytes=7,
    digest=DIGEST,
    media_type="image/tiff",
    acquired="2025-10-13T10:00:00Z",
)
HEADERS = write_envelope(Envelope(Kind.IMAGE, IDENTITY, "zstd", metadata={"satellite": "L8"}))


@given(envelope=envelopes())
def test_an_envelope_reads_back_as_it_was_written(envelope: Envelope) -> None:
    key = envelope.identity.image_id.encode()
    assert read_envelope(write_envelope(envelope), key) == envelope


@given(envelope=envelopes())
def test_the_order_of_headers_does_not_matter(envelope: Envelope) -> None:
    assert read_envelope(list(reversed(write_envelope(envelope)))) == envelope


@given(envelope=envelopes(), data=st.data())
def test_a_flipped_byte_in_a_header_is_an_error(envelope: Envelope, data: st.DataObject) -> None:
    headers = write_envelope(envelope)
    which = data.draw(st.integers(0, len(headers) - 1))
    name, value = headers[which]
    if data.draw(st.booleans()) and value:
        at = data.draw(st.integers(0, len(value) - 1))
        flipped = bytearray(value)
        flipped[at] ^= data.draw(st.integers(1, 255))
        headers[which] = (name, bytes(flipped))
    else:
        at = data.draw(st.integers(0, len(name) - 1))
        headers[which] = (name[:at] + chr(ord(name[at]) ^ 1) + name[at + 1 :], value)
    with pytest.raises((CorruptData, UnsupportedFormat)):
        read_envelope(headers)


@given(envelope=envelopes(), data=st.data())
def test_a_missing_or_doubled_header_is_an_error(envelope: Envelope, data: st.DataObject) -> None:
    headers = write_envelope(envelope)
    which = data.draw(st.integers(0, len(headers) - 1))
    doubled = [*headers, headers[which]]
    with pytest.raises(CorruptEnvelope):
        read_envelope(headers[:which] + headers[which + 1 :])
    with pytest.raises(CorruptEnvelope, match="twice"):
        read_envelope(doubled)


def test_headers_of_others_are_left_alone() -> None:
    traced = [("traceparent", b"00-ab-cd-01"), *HEADERS, ("user", None)]
    assert read_envelope(traced).identity == IDENTITY


@pytest.mark.parametrize(
    "other",
    [
        {"source_id": "landsat_nrt_2"},
        {"acquired": "2025-10-13T10:00:01Z"},
        {"acquired": None},
        {"digest": "xxh3-128:" + "1" * 32},
        {"digest": "sha-256:" + "0" * 64},
        {"image_id": "guessed"},
    ],
    ids=str,
)
def test_an_id_that_belongs_to_another_source_time_or_content_is_an_error(
    other: dict[str, Any],
) -> None:
    """Else it could come first, and the genuine image be passed over as a resend."""
    envelope = Envelope(Kind.IMAGE, replace(IDENTITY, **other), "zstd")
    with pytest.raises(CorruptEnvelope, match=r"image id .* is not that of"):
        read_envelope(write_envelope(envelope))


def test_a_key_of_another_image_is_an_error() -> None:
    with pytest.raises(CorruptEnvelope, match="key"):
        read_envelope(HEADERS, b"another")


@pytest.mark.parametrize("key", [b"landsat_nrt", IDENTITY.image_id.encode(), None])
def test_image_id_source_id_or_an_unknown_key_are_fine(key: bytes | None) -> None:
    assert read_envelope(HEADERS, key).identity == IDENTITY


def test_records_of_others_say_so() -> None:
    with pytest.raises(CorruptEnvelope, match="not written by wildfire-bench"):
        read_envelope([("content-type", b"text/plain")])


@pytest.mark.parametrize("headers", [None, []])
def test_a_record_without_headers_is_an_error(headers: list[tuple[str, bytes]] | None) -> None:
    with pytest.raises(CorruptEnvelope):
        read_envelope(headers)


def test_a_newer_version_is_told_from_corruption() -> None:
    newer = [(name, b"2" if name == "wf_version" else value) for name, value in HEADERS]
    with pytest.raises(UnsupportedFormat, match="version 2"):
        read_envelope(newer)


def test_an_encrypted_record_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFormat, match="encrypted"):
        read_envelope([*HEADERS, ("wf_encryption", b"aes-256-gcm")])


def test_a_stored_image_is_of_its_own_media_type_and_an_encoded_one_of_its_codec() -> None:
    def content_type(codec: str) -> bytes:
        return dict(write_envelope(Envelope(Kind.IMAGE, IDENTITY, codec)))["content-type"]

    assert [content_type(codec) for codec in ("stored", "zstd", "gzip", "other")] == [
        b"image/tiff",
        b"application/zstd",
        b"application/gzip",
        b"application/octet-stream",
    ]


def test_a_presigned_url_is_not_shown() -> None:
    envelope = Envelope(Kind.ITEM, IDENTITY, "zstd", presigned_url="https://s3/secret")
    assert "secret" not in repr(envelope)


def test_a_bare_record_is_74_bytes_larger_than_its_value() -> None:
    assert record_bytes(b"", [], 20_971_446) == 20_971_520
