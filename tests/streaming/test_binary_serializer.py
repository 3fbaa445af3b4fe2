from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.compression import codec_names, encoder
from wildfire_bench.errors import CorruptData, DigestMismatch, ImageTooLarge, UnsupportedFormat
from wildfire_bench.streaming.binary_serializer import (
    BinaryImageSerializer,
    EncodedBlock,
    decode_block,
)
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.model import Envelope, ImageIdentity, Kind

images = st.binary(min_size=1, max_size=300) | st.binary(min_size=1, max_size=9).map(
    lambda piece: piece * 50
)
codecs = st.sampled_from(codec_names())


def serializer(codec: str, max_image_bytes: int = 1_000_000) -> BinaryImageSerializer:
    return BinaryImageSerializer(encoder(codec), max_image_bytes=max_image_bytes)


def envelope_of(image: bytes, block: EncodedBlock) -> Envelope:
    identity = ImageIdentity("id", "s", len(image), digest_of(image), "image/tiff", None)
    return Envelope(Kind.IMAGE, identity, block.codec)


@given(image=images, codec=codecs)
def test_an_image_reads_back(image: bytes, codec: str) -> None:
    block = serializer(codec).serialize(image)
    assert serializer("stored").deserialize(envelope_of(image, block), block.payload) == image


@given(image=images, codec=codecs, data=st.data())
def test_a_flipped_byte_is_an_error_and_never_another_image(
    image: bytes, codec: str, data: st.DataObject
) -> None:
    block = serializer(codec).serialize(image)
    payload = bytearray(block.payload)
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = serializer(codec).deserialize(envelope_of(image, block), payload)
    except CorruptData:
        return
    assert found == image  # a header byte that says nothing of the content, such as gzip's OS


def test_a_received_image_cannot_be_written_to() -> None:
    block = serializer("stored").serialize(b"image")
    assert serializer("stored").deserialize(envelope_of(b"image", block), block.payload).readonly


def test_an_image_above_the_limit_is_refused_before_it_is_decoded() -> None:
    block = serializer("stored").serialize(b"image")
    with pytest.raises(ImageTooLarge, match="announces 5 bytes; at most 4"):
        serializer("stored", 4).deserialize(envelope_of(b"image", block), b"not even looked at")


def test_an_unknown_codec_is_named() -> None:
    with pytest.raises(UnsupportedFormat, match="'lz5'"):
        decode_block("lz5", b"", memoryview(bytearray(1)), digest_of(b""), "image")


def test_an_unknown_digest_is_named() -> None:
    with pytest.raises(UnsupportedFormat, match="'sha256'"):
        decode_block("stored", b"x", memoryview(bytearray(1)), "sha256:00", "image")


def test_another_block_of_the_same_size_is_an_error() -> None:
    with pytest.raises(DigestMismatch, match="chunk 3 of id"):
        decode_block("stored", b"x", memoryview(bytearray(1)), digest_of(b"y"), "chunk 3 of id")
