"""``catalogue`` on images that were sent."""

import json
import os
from pathlib import Path

import pytest

from wildfire_bench.cli import main
from wildfire_bench.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def sent(user: Settings, tmp_path: Path, capsys) -> dict:
    """The receipt of an image, scene.tif in the user's folder."""
    (tmp_path / "scene.tif").write_bytes(os.urandom(5_000))
    main(["send", "scene.tif", "--metadata", '{"sensor": "OLI"}', "--json"])
    return json.loads(capsys.readouterr().out)


def test_an_image_is_listed_with_where_it_lies(sent: dict, capsys) -> None:
    assert main(["catalogue", "list", "--json"]) == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["image_id"], entry["records"]) == (sent["image_id"], sent["records"])
    assert entry["metadata"] == {"sensor": "OLI"}


def test_the_list_for_people_has_a_line_for_each(sent: dict, capsys) -> None:
    assert main(["catalogue", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{sent['image_id']}  direct")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_image_is_fetched_by_its_id(sent: dict, capsys, options: list[str]) -> None:
    assert main(["catalogue", "fetch", sent["image_id"], "--out", "out.tif", *options]) == 0
    assert Path("out.tif").read_bytes() == Path("scene.tif").read_bytes()


def test_an_image_that_is_not_there_is_told(sent: dict, capsys) -> None:
    assert main(["catalogue", "fetch", "nothing", "--out", "out.tif"]) == 2
    assert "the catalogue has no image nothing" in capsys.readouterr().err


def test_a_folder_that_is_missing_is_told(sent: dict, capsys) -> None:
    assert main(["catalogue", "fetch", sent["image_id"], "--out", "none/out.tif"]) == 2
    assert "none/out.tif cannot be written" in capsys.readouterr().err
