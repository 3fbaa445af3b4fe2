import json
from pathlib import Path

import pytest

from wildfire_bench.errors import InputError, InvalidMetadata, MetadataTooLarge
from wildfire_bench.streaming.files import file_selection
from wildfire_bench.streaming.files.file_selection import (
    files_in,
    metadata_of,
    parse_metadata,
    select_files,
)

TIFF_HEAD = b"II*\0\x08\0\0\0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, one below, among everything that is no image."""
    (tmp_path / "deep").mkdir()
    for name in ("b.tif", "deep/a.tif", ".hidden.tif", "c.tif.part", "b.tif.json"):
        (tmp_path / name).write_bytes(TIFF_HEAD)
    return tmp_path


def names(found: tuple[Path, ...], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found]


def test_a_folder_stands_for_the_images_below_it(folder: Path) -> None:
    assert names(select_files([folder]).files, folder) == ["b.tif", "deep/a.tif"]


def test_a_glob_stands_for_the_images_it_matches(folder: Path) -> None:
    assert names(select_files([f"{folder}/**/*"]).files, folder) == ["b.tif", "deep/a.tif"]


def test_a_glob_of_folders_stands_for_the_images_below_them(folder: Path) -> None:
    assert names(select_files([f"{folder}/d*"]).files, folder) == ["deep/a.tif"]


def test_a_file_that_is_named_is_taken_whatever_it_is(folder: Path) -> None:
    assert names(select_files([folder / ".hidden.tif"]).files, folder) == [".hidden.tif"]


def test_what_is_no_image_in_a_folder_is_passed_over(folder: Path) -> None:
    (folder / "notes.txt").write_text("clouds")
    assert names(select_files([folder]).passed_over, folder) == ["notes.txt"]


def test_what_is_passed_over_and_named_is_taken(folder: Path) -> None:
    (folder / "notes.txt").write_text("clouds")
    assert select_files([folder, folder / "notes.txt"]).passed_over == ()


def test_an_empty_file_of_a_folder_is_taken_so_that_it_fails_aloud(folder: Path) -> None:
    (folder / "empty.tif").touch()
    assert "empty.tif" in names(select_files([folder]).files, folder)


def test_a_folder_without_images_is_refused_with_what_was_passed_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("clouds")
    with pytest.raises(InputError, match="passed over 1 that are no images"):
        select_files([tmp_path])


def test_a_file_named_twice_is_taken_once(folder: Path) -> None:
    assert len(select_files([folder / "b.tif", folder, f"{folder}/*.tif"]).files) == 2


def test_a_name_with_glob_characters_is_a_file_first(tmp_path: Path) -> None:
    (tmp_path / "scene[1].tif").write_bytes(b"x")
    assert len(select_files([tmp_path / "scene[1].tif"]).files) == 1


def test_more_files_than_one_selection_may_hold_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_selection, "MAX_FILES", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        select_files([folder])


@pytest.mark.parametrize("pattern", ["nowhere.tif", "*.nothing", "empty"])
def test_a_pattern_that_names_nothing_is_refused(
    tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="names no image file"):
        select_files([pattern])


def test_json_of_a_folder_is_given_where_it_is_asked_for(folder: Path) -> None:
    found = tuple(files_in(folder, with_json=True))
    assert names(found, folder) == ["b.tif", "b.tif.json", "deep/a.tif"]


def test_a_link_in_a_circle_ends(folder: Path) -> None:
    (folder / "deep" / "up").symlink_to(folder, target_is_directory=True)
    assert names(select_files([folder]).files, folder) == ["b.tif", "deep/a.tif"]


@pytest.mark.parametrize("side_car", ["scene.tif.json", "scene.json"])
def test_json_beside_an_image_is_its_metadata(tmp_path: Path, side_car: str) -> None:
    (tmp_path / side_car).write_text('{"sensor": "OLI"}')
    assert metadata_of(tmp_path / "scene.tif", {"n": 1}) == {"n": 1, "sensor": "OLI"}


def test_the_full_name_wins_over_the_short_one(tmp_path: Path) -> None:
    (tmp_path / "scene.tif.json").write_text('{"from": "full"}')
    (tmp_path / "scene.json").write_text('{"from": "short"}')
    assert metadata_of(tmp_path / "scene.tif", {}) == {"from": "full"}


def test_what_lies_beside_an_image_wins_over_what_is_shared(tmp_path: Path) -> None:
    (tmp_path / "scene.json").write_text('{"sensor": "OLI"}')
    assert metadata_of(tmp_path / "scene.tif", {"sensor": "MSI"}) == {"sensor": "OLI"}


@pytest.mark.parametrize("wrong", ["[1]", "{", '{"a": NaN}', '{"a": 1, "a": 2}'])
def test_a_wrong_side_car_is_named(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "scene.json").write_text(wrong)
    with pytest.raises(InvalidMetadata, match=r"scene\.json"):
        metadata_of(tmp_path / "scene.tif", {})


def test_metadata_is_given_as_text_or_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "about.json"
    path.write_text('{"sensor": "OLI"}')
    assert parse_metadata(str(path)) == parse_metadata(' {"sensor": "OLI"}') == {"sensor": "OLI"}


def test_metadata_too_large_for_a_header_is_refused() -> None:
    with pytest.raises(MetadataTooLarge):
        parse_metadata(json.dumps({"note": "x" * 70_000}))


def test_a_missing_metadata_file_is_named() -> None:
    with pytest.raises(InvalidMetadata, match=r"nowhere\.json cannot be read"):
        parse_metadata("nowhere.json")


def test_an_empty_name_is_not_taken_for_the_folder_one_is_in() -> None:
    with pytest.raises(InputError, match="name of a file is empty"):
        select_files([""])


def test_a_name_with_no_room_for_that_of_a_side_car_has_none(tmp_path: Path) -> None:
    image = tmp_path / ("n" * 251 + ".tif")
    image.write_bytes(TIFF_HEAD)
    assert metadata_of(image, {"n": 1}) == {"n": 1}


def test_a_folder_that_is_removed_meanwhile_counts_as_empty(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "z").mkdir()

    def removed_as_it_is_looked_at(path: Path) -> bool:
        if path.name == "z":
            path.rmdir()
        return False

    monkeypatch.setattr(Path, "is_symlink", removed_as_it_is_looked_at)
    assert names(tuple(files_in(folder)), folder) == ["b.tif", "deep/a.tif"]
