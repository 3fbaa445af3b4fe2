import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.errors import FileNotWritten
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.files import whole_file
from wildfire_bench.streaming.files.file_selection import metadata_of, select_files
from wildfire_bench.streaming.files.image_folder import ImageFolder, file_name_of
from wildfire_bench.streaming.model import ImageIdentity, Route
from wildfire_bench.streaming.satellite_image import SatelliteImage


def received(data: bytes = b"pixels", image_id: str = "s-1", **metadata: object) -> SatelliteImage:
    identity = ImageIdentity(image_id, "s", len(data), digest_of(data), "image/tiff", None)
    return SatelliteImage(memoryview(data), metadata, identity, Route.DIRECT, "stored", ())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_image_lies_under_its_id_with_its_metadata_beside_it(tmp_path: Path) -> None:
    stored = ImageFolder(tmp_path / "new" / "images").store(received(sensor="OLI"))
    assert (stored.path.name, stored.path.read_bytes()) == ("s-1.tif", b"pixels")
    assert stored.metadata_path.read_text() == '{\n  "sensor": "OLI"\n}\n'


def test_an_image_that_comes_again_is_left_as_it_is(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path)
    first = folder.store(received())
    before = first.path.stat().st_ino
    assert not folder.store(received()).written
    assert first.path.stat().st_ino == before


def test_another_image_of_the_same_id_overwrites_nothing(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path)
    first, second = folder.store(received(b"one")), folder.store(received(b"two"))
    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"one", b"two")
    assert not folder.store(received(b"two")).written


def test_an_image_that_comes_with_other_metadata_has_the_newest_beside_it_and_keeps_both(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = ImageFolder(tmp_path)
    first = folder.store(received(sensor="OLI"))
    lay_there = first.metadata_path.read_bytes()
    second = folder.store(received(sensor="MSI"))
    assert json.loads(second.metadata_path.read_text()) == {"sensor": "MSI"}
    assert second.earlier_metadata_path is not None
    assert second.earlier_metadata_path.read_bytes() == lay_there
    assert (second.metadata_path, second.written) == (first.metadata_path, False)
    assert [second.earlier_metadata_path.name in told for told in caplog.messages] == [True]


def test_metadata_that_came_before_is_kept_once(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path)
    for sensor in ("OLI", "MSI", "OLI", "MSI"):
        folder.store(received(sensor=sensor))
    assert len(names(tmp_path)) == 4


def test_the_same_metadata_in_another_layout_is_left_as_it_is(tmp_path: Path, caplog) -> None:
    folder = ImageFolder(tmp_path)
    path = folder.store(received(sensor="OLI", n=1)).metadata_path
    path.write_text('{"n": 1, "sensor": "OLI"}')
    assert folder.store(received(sensor="OLI", n=1)).earlier_metadata_path is None
    assert (path.read_text(), caplog.messages) == ('{"n": 1, "sensor": "OLI"}', [])


@pytest.mark.parametrize("edited", ["{", "[" * 100_000, '{"sensor": true}'])
def test_what_somebody_wrote_beside_an_image_is_not_lost(tmp_path: Path, edited: str) -> None:
    folder = ImageFolder(tmp_path)
    folder.store(received(sensor=1)).metadata_path.write_text(edited)
    kept = folder.store(received(sensor=1)).earlier_metadata_path
    assert kept is not None
    assert kept.read_text() == edited


def test_metadata_that_was_kept_is_no_side_car_of_an_image(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path)
    for sensor in ("OLI", "MSI"):
        path = folder.store(received(b"II*\0\x08\0\0\0", sensor=sensor)).path
    assert metadata_of(path, {}) == {"sensor": "MSI"}
    assert select_files([tmp_path]).files == (path,)


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    ImageFolder(tmp_path).store(received())
    assert names(tmp_path) == ["s-1.tif", "s-1.tif.json"]


@pytest.mark.parametrize(
    ("code", "told"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "Read-only")]
)
def test_a_disk_that_refuses_is_named_and_nothing_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: str
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    folder = ImageFolder(tmp_path)
    monkeypatch.setattr(whole_file.os, "fsync", refuse)
    with pytest.raises(FileNotWritten, match=rf"s-1\.tif.* cannot be written: .*{told}"):
        folder.store(received())
    assert names(tmp_path) == []


def test_what_a_killed_program_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    old, new = (tmp_path / f".wildfire-writing-{n}.part" for n in "ab")
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    ImageFolder(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_what_another_program_finishes_meanwhile_is_no_error(tmp_path: Path) -> None:
    (tmp_path / ".wildfire-writing-c.part").symlink_to("gone by the time it is looked at")
    assert ImageFolder(tmp_path).path == tmp_path


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(FileNotWritten, match="out cannot be written"):
        ImageFolder(tmp_path / "out")


@pytest.mark.parametrize(
    "hostile",
    [
        *("", ".", "..", "../../etc/passwd", "/etc/passwd", "a\\b", "a\0b", "a\nb", "a b"),
        *("CON", "nul.tif", ".hidden", "-rf", "ends.", "ü", "\ud800", "x" * 9999),
    ],
)
def test_a_hostile_id_stays_in_its_folder(tmp_path: Path, hostile: str) -> None:
    name = file_name_of(hostile, "image/tiff")
    (tmp_path / name).touch()
    assert names(tmp_path) == [name]
    assert name.startswith("image-")


@given(st.text(), st.text())
def test_two_ids_never_share_a_name(one: str, other: str) -> None:
    assert (file_name_of(one, "image/png") == file_name_of(other, "image/png")) == (one == other)
