import copy
import json
import socket
from datetime import UTC, datetime

import pystac
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.errors import CorruptEnvelope, ImageTooLarge, UnsupportedFormat
from wildfire_bench.streaming.envelope.image_id import image_id_of
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation, RecordPlace, Route
from wildfire_bench.streaming.stac.item import (
    MAX_ITEM_BYTES,
    block_entry_bytes,
    build_item,
    parse_item,
)

GUIDE = {
    "timestamp": "2025-10-13T10:00:00Z",
    "satellite": "Landsat-8",
    "location": {"lat": 39.7596, "lon": -121.6219},
    "sensor": "OLI",
    "resolution_m": 30,
}
IDENTITY = ImageIdentity(
    image_id=image_id_of("landsat_nrt", "2025-10-13T10:00:00Z", "xxh3-128:" + "ab" * 16),
    source_id="landsat_nrt",
    size_bytes=10_000_000,
    digest="xxh3-128:" + "ab" * 16,
    media_type="image/tiff",
    acquired="2025-10-13T10:00:00Z",
)
ZEROS = "xxh3-128:" + "00" * 16
TIMELESS = ImageIdentity(image_id_of("x", None, ZEROS), "x", 5, ZEROS, "image/png", None)
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BINARY, CHUNKS = "wildfire-satellite-imagery-binary", "wildfire-satellite-imagery-chunks"
DIRECT = (RecordPlace(BINARY, 3, 1234),)
OBJECT = ObjectLocation(
    bucket="wildfire-satellite-imagery",
    key="images/a.zst",
    size_bytes=7_000_000,
    blocks=(
        (4_000_000, 5_000_000, "xxh3-128:" + "01" * 16),
        (3_000_000, 5_000_000, "xxh3-128:" + "02" * 16),
    ),
)


def chunks(*offsets: int) -> tuple[RecordPlace, ...]:
    return tuple(RecordPlace(CHUNKS, 2, offset) for offset in offsets)


def item(location=DIRECT, route=Route.DIRECT, metadata=GUIDE, identity=IDENTITY, codec="zstd"):
    return build_item(identity, metadata, route, codec, location, created=CREATED)


def parsed(**options) -> dict:
    return json.loads(item(**options))


@pytest.mark.parametrize(
    ("route", "location"),
    [
        (Route.DIRECT, DIRECT),
        (Route.JSON, DIRECT),
        (Route.CHUNKED, chunks(10, 11, 12, 20, 15)),
        (Route.REFERENCE, OBJECT),
    ],
)
class TestEveryRoute:
    def test_an_entry_says_what_was_sent(self, route, location):
        entry = parse_item(item(location, route))
        assert (entry.identity, entry.metadata, entry.route, entry.codec, entry.location) == (
            IDENTITY,
            GUIDE,
            route,
            "zstd",
            location,
        )

    @pytest.mark.parametrize("metadata", [{}, GUIDE, {"bbox": [170, -10, -170, 10]}])
    @pytest.mark.parametrize("identity", [IDENTITY, TIMELESS])
    def test_pystac_finds_it_valid_without_a_network(
        self, monkeypatch, route, location, metadata, identity
    ):
        def no_network(*_: object) -> None:
            msg = "validation must need no network"
            raise AssertionError(msg)

        monkeypatch.setattr(socket.socket, "connect", no_network)
        written = parsed(location=location, route=route, metadata=metadata, identity=identity)
        assert pystac.Item.from_dict(written).validate()


def test_the_guides_fields_are_mapped_to_common_metadata():
    properties = parsed()["properties"]
    assert {name: properties[name] for name in ("datetime", "platform", "instruments", "gsd")} == {
        "datetime": "2025-10-13T10:00:00Z",
        "platform": "landsat-8",
        "instruments": ["oli"],
        "gsd": 30,
    }


@pytest.mark.parametrize(
    "metadata",
    [{"satellite": 8}, {"sensor": []}, {"sensor": [1]}, {"resolution_m": 0}, {"gsd": "30 m"}],
)
def test_fields_of_another_form_are_kept_but_not_mapped(metadata):
    properties = parsed(metadata=metadata)["properties"]
    assert properties["wildfire:metadata"] == metadata
    assert not {"platform", "instruments", "gsd"} & set(properties)


def test_an_unknown_time_is_an_interval_up_to_now():
    properties = parsed(identity=TIMELESS, metadata={})["properties"]
    assert (properties["datetime"], properties["end_datetime"]) == (None, "2026-01-02T03:04:05Z")


def test_an_unknown_place_is_null_without_a_box():
    written = parsed(metadata={})
    assert written["geometry"] is None
    assert "bbox" not in written


def test_a_kafka_payload_is_referred_to_by_its_coordinates():
    assert parsed()["assets"]["image"]["href"] == f"kafka:///{BINARY}/3/1234"


def test_an_object_is_referred_to_by_bucket_and_key():
    asset = parsed(location=OBJECT, route=Route.REFERENCE)["assets"]["image"]
    assert asset["href"] == "s3://wildfire-satellite-imagery/images/a.zst"


def test_consecutive_chunks_are_one_run():
    asset = parsed(location=chunks(10, 11, 12, 20), route=Route.CHUNKED)["assets"]["image"]
    assert asset["wildfire:records"][0]["offsets"] == [[10, 3], [20, 1]]


def test_a_thousand_scattered_chunks_fit_a_record_of_the_metadata_topic():
    scattered = chunks(*range(10**12, 10**12 + 3_000, 3))
    assert len(item(scattered, Route.CHUNKED, metadata={"a": "x" * 65_000})) < MAX_ITEM_BYTES // 5


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_an_item_grows_by_each_block_of_its_object_as_much_as_is_said(encoded, decoded):
    block = (encoded, decoded, ZEROS)
    more = ObjectLocation(OBJECT.bucket, OBJECT.key, OBJECT.size_bytes, (*OBJECT.blocks, block))
    with_it, without = (item(each, Route.REFERENCE) for each in (more, OBJECT))
    assert len(with_it) - len(without) == block_entry_bytes(block)


def test_an_image_in_too_many_pieces_is_refused_with_the_setting_to_raise():
    blocks = ((1, 500, "xxh3-128:" + "00" * 16),) * 20_000
    location = ObjectLocation("bucket", "key", 20_000, blocks)
    with pytest.raises(ImageTooLarge, match="chunk_bytes"):
        item(location, Route.REFERENCE)


def test_a_newer_version_is_refused_as_such():
    written = parsed()
    written["properties"]["wildfire:version"] = 2
    with pytest.raises(UnsupportedFormat, match="upgrade"):
        parse_item(json.dumps(written).encode())


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path


READ_FIELDS = [
    path
    for path in leaves(parsed(location=OBJECT, route=Route.REFERENCE, metadata={"a": 1}))
    if path == ("id",) or path[0] == "assets" or any("wildfire:" in str(key) for key in path)
    if path[-1] not in {"type", "roles"} and "wildfire:metadata" not in path
]


def altered(path, value, **options) -> bytes:
    written = copy.deepcopy(parsed(**options))
    inner = written
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(written).encode()


@pytest.mark.parametrize("path", READ_FIELDS, ids=lambda path: path[-1])
@pytest.mark.parametrize("value", [None, True, -1, 1.5, "", [], {}, [[]], [{}]], ids=repr)
def test_a_field_of_another_type_is_corrupt(path, value):
    with pytest.raises(CorruptEnvelope):
        parse_item(altered(path, value, location=OBJECT, route=Route.REFERENCE))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("properties", "wildfire:route"), "pigeon"),
        (("properties", "wildfire:digest"), "xxh3-128:XYZ"),
        (("properties", "wildfire:codec"), "../zstd"),
        (("properties", "datetime"), "2025-10-13T12:00:00+02:00"),
        (("properties", "datetime"), "soon"),
        (("properties", "wildfire:metadata"), []),
        (("assets", "image", "wildfire:records"), [{"topic": "a/b"}]),
        (("assets", "image", "wildfire:records", 0, "offsets"), [[1]]),
        (("assets", "image", "wildfire:records", 0, "offsets"), [[1, 2]]),
        (("assets", "image", "wildfire:records", 0, "offsets"), [[1, 10**12]]),
        (("assets", "image", "wildfire:records", 0, "partition"), -1),
    ],
)
def test_a_malformed_entry_is_corrupt(path, value):
    with pytest.raises(CorruptEnvelope):
        parse_item(altered(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("assets", "image", "href"), "https://example.org/image"),
        (("assets", "image", "wildfire:encoded_bytes"), 6_999_999),
        (("properties", "wildfire:size_bytes"), 10_000_001),
    ],
)
def test_a_block_table_that_contradicts_the_sizes_is_corrupt(path, value):
    with pytest.raises(CorruptEnvelope):
        parse_item(altered(path, value, location=OBJECT, route=Route.REFERENCE))


def test_a_missing_time_is_corrupt():
    written = parsed()
    del written["properties"]["datetime"]
    with pytest.raises(CorruptEnvelope, match="datetime"):
        parse_item(json.dumps(written).encode())


@given(position=st.integers(0, len(item()) - 1), byte=st.integers(0, 255))
def test_an_altered_byte_is_an_entry_or_corrupt(position, byte):
    value = bytearray(item())
    value[position] = byte
    try:
        parse_item(value)
    except (CorruptEnvelope, UnsupportedFormat):
        pass
