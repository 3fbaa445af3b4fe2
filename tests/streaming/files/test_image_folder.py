import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.errors import FileNotWritten
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.files import whole_file
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
