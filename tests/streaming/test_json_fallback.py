from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.streaming.strategies import identities, metadata
from wildfire_bench.errors import CorruptPayload, ImageTooLarge
from wildfire_bench.streaming.json_fallback import (
    check_json_fits,
    decode_json_image,
    encode_json_image,
    json_bytes,
)
from wildfire_bench.streaming.model import ImageIdentity

IDENTITY = ImageIdentity("id", "s", 5, "xxh3-128:" + "0" * 32, "image/tiff", None)
VALUE = encode_json_image(b"image", {"a": 1}, IDENTITY)


@given(image=st.binary(max_size=200), about=metadata, identity=identities())
def test_a_json_image_reads_back(
    image: bytes, about: dict[str, object], identity: ImageIdentity
) -> None:
    value = encode_json_image(image, about, identity)
    assert decode_json_image(value, len(image)) == (image, about)


def test_a_json_image_is_plain_json_that_anybody_reads() -> None:
    document = json.loads(VALUE)
    assert document["image_id"] == "id"
    assert document["image_data"] == "aW1hZ2U="


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        VALUE[:-1],
        VALUE.replace(b"aW1hZ2U=", b"aW1hZ2U"),
        VALUE.replace(b"aW1hZ2U=", b"aW1h*2U="),
        VALUE.replace(b'"aW1hZ2U="', b"7"),
        VALUE.replace(b'{"a": 1}', b"[]"),
        VALUE.replace(b'{"a": 1}', b"[" * 100_000),
    ],
)
def test_what_is_no_json_image_is_an_error(value: bytes) -> None:
    with pytest.raises(CorruptPayload):
        decode_json_image(value, 5)


def test_an_image_of_another_size_is_an_error() -> None:
    with pytest.raises(CorruptPayload, match="5 bytes, its envelope says 6"):
        decode_json_image(VALUE, 6)


@given(image=st.binary(max_size=100))
def test_the_length_of_base64_is_known_beforehand(image: bytes) -> None:
    document = json.loads(encode_json_image(image, None, IDENTITY))
    assert len(document["image_data"]) == json_bytes(len(image))


def test_what_the_topic_cannot_carry_names_both_ways_out() -> None:
    check_json_fits(IDENTITY, 100, 100)
    with pytest.raises(ImageTooLarge, match=r"ENABLE_BINARY_SERIALIZATION=true.*S3_ENDPOINT"):
        check_json_fits(IDENTITY, 101, 100)
