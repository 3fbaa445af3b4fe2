import json
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.errors import CorruptEnvelope, InvalidMetadata, MetadataTooLarge
from wildfire_bench.streaming.envelope.metadata import (
    MAX_METADATA_BYTES,
    MAX_METADATA_DEPTH,
    acquisition_time,
    decode_metadata,
    encode_metadata,
)

GUIDE = {
    "timestamp": "2025-10-13T10:00:00Z",
    "satellite": "Landsat-8",
    "location": {"lat": 39.7596, "lon": -121.6219},
    "sensor": "OLI",
    "resolution_m": 30,
}

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int) -> dict[str, object]:
    innermost: dict[str, object] = {}
    for _ in range(levels - 1):
        innermost = {"a": innermost}
    return innermost


def of_encoded_size(size_bytes: int) -> dict[str, str]:
    return {"a": "x" * (size_bytes - len('{"a":""}'))}


@given(st.dictionaries(text, json_values, max_size=5))
def test_what_goes_in_comes_out_equal(metadata):
    assert decode_metadata(encode_metadata(metadata)) == metadata


def test_the_guides_example_is_compact_utf8_json():
    assert (
        encode_metadata({**GUIDE, "place": "Höhe"})
        == (
            '{"timestamp":"2025-10-13T10:00:00Z","satellite":"Landsat-8",'
            '"location":{"lat":39.7596,"lon":-121.6219},"sensor":"OLI","resolution_m":30,'
            '"place":"Höhe"}'
        ).encode()
    )


def test_no_metadata_is_an_empty_object():
    assert encode_metadata(None) == b"{}"


def test_tuples_come_back_as_lists():
    assert decode_metadata(encode_metadata({"bands": ("B02", "B03")})) == {"bands": ["B02", "B03"]}


def test_any_mapping_will_do():
    metadata = MappingProxyType({"location": MappingProxyType({"lat": 1.5})})
    assert decode_metadata(encode_metadata(metadata)) == {"location": {"lat": 1.5}}


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ({"location": {"lat": float("nan")}}, "location.lat"),
        ({"bands": [1, {"gain": float("inf")}]}, r"bands\[1\].gain"),
        ({"when": object()}, "when"),
        ({"resolution_m": np.int64(30)}, "resolution_m"),
        ({"raw": b"bytes"}, "raw"),
        ({"tags": {"fire"}}, "tags"),
        ({"name": "\ud800"}, "name"),
        ({"location": {"\ud800": 1}}, "location"),
        ({"location": {1: "one"}}, "location"),
        ({"n": 1 << 20_000}, "n"),
    ],
)
def test_a_value_that_json_cannot_hold_is_named_by_its_path(metadata, path):
    with pytest.raises(InvalidMetadata, match=path):
        encode_metadata(metadata)


@pytest.mark.parametrize("metadata", ["text", [1], 5, b"{}"])
def test_metadata_must_be_a_mapping(metadata):
    with pytest.raises(InvalidMetadata, match="mapping"):
        encode_metadata(metadata)


def test_metadata_of_exactly_the_limit_passes():
    encoded = encode_metadata(of_encoded_size(MAX_METADATA_BYTES))
    assert len(encoded) == MAX_METADATA_BYTES


def test_one_byte_above_the_limit_is_refused_with_both_figures():
    with pytest.raises(MetadataTooLarge, match=r"65,537 .* 65,536"):
        encode_metadata(of_encoded_size(MAX_METADATA_BYTES + 1))


def test_nesting_to_the_limit_passes():
    metadata = nested(MAX_METADATA_DEPTH)
    assert decode_metadata(encode_metadata(metadata)) == metadata


def test_nesting_past_the_limit_is_refused():
    with pytest.raises(InvalidMetadata, match="nested"):
        encode_metadata(nested(MAX_METADATA_DEPTH + 1))


def test_metadata_that_holds_itself_is_refused():
    metadata: dict[str, object] = {}
    metadata["self"] = metadata
    with pytest.raises(InvalidMetadata, match="nested"):
        encode_metadata(metadata)


def test_a_small_object_that_unfolds_without_end_is_refused_soon():
    metadata: dict[str, object] = {}
    for _ in range(MAX_METADATA_DEPTH - 1):
        metadata = {"a": metadata, "b": metadata}
    with pytest.raises(MetadataTooLarge):
        encode_metadata(metadata)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"[]",
        b"null",
        b'{"a":1',
        b'{"a":1}x',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":' + b"[" * 30_000,
        json.dumps(nested(MAX_METADATA_DEPTH + 1)).encode(),
        b'{"a":' + b"9" * 5_000 + b"}",
        json.dumps(of_encoded_size(MAX_METADATA_BYTES + 1)).encode(),
    ],
    ids=lambda encoded: repr(encoded[:24]),
)
def test_what_no_sender_writes_is_corrupt(encoded):
    with pytest.raises(CorruptEnvelope):
        decode_metadata(encoded)


@given(st.binary(max_size=64))
def test_random_bytes_decode_or_are_corrupt(encoded):
    try:
        assert isinstance(decode_metadata(encoded), dict)
    except CorruptEnvelope:
        pass


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (GUIDE, "2025-10-13T10:00:00Z"),
        ({"timestamp": "2025-10-13T12:00:00+02:00"}, "2025-10-13T10:00:00Z"),
        ({"timestamp": "2025-10-13T10:00:00"}, "2025-10-13T10:00:00Z"),
        ({"timestamp": "2025-10-13 10:00:00.25"}, "2025-10-13T10:00:00.250000Z"),
        ({"timestamp": "2025-10-13t10:00:00z"}, "2025-10-13T10:00:00Z"),
        ({"timestamp": "2025-10-13"}, "2025-10-13T00:00:00Z"),
        ({"datetime": "2025-10-13T10:00:00Z"}, "2025-10-13T10:00:00Z"),
        ({"timestamp": None, "datetime": "2025-10-13T10:00:00Z"}, "2025-10-13T10:00:00Z"),
        ({"timestamp": "2025-10-13T10:00:00Z", "datetime": "1999"}, "2025-10-13T10:00:00Z"),
        ({"satellite": "Landsat-8"}, None),
        ({}, None),
    ],
)
def test_the_acquisition_time_is_rfc_3339_in_utc(metadata, expected):
    assert acquisition_time(metadata) == expected


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2025-13-01T00:00:00Z", 1_760_349_600, True, ["2025"], "24:00"]
)
def test_an_unreadable_time_is_named(value):
    with pytest.raises(InvalidMetadata, match="timestamp"):
        acquisition_time({"timestamp": value})


def test_a_time_that_leaves_the_calendar_in_utc_is_unreadable():
    with pytest.raises(InvalidMetadata, match="timestamp"):
        acquisition_time({"timestamp": "0001-01-01T00:00:00+05:00"})
