import json
import os

import numpy as np
import pytest
import tifffile

from wildfire_bench.cli import main

AUTO = "compression_matrix: {satellite_imagery: {codec: auto}}"


def test_the_choice_and_all_codecs_are_shown(capsys, tmp_path):
    (tmp_path / "log.txt").write_bytes(b"smoke plume " * 1000)
    assert main(["explain", str(tmp_path / "log.txt")]) == 0
    assert "chosen: zstd, because no pixels were found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "variables", "sent_as"),
    [
        ("", {}, "zstd 1"),
        (AUTO, {}, "predictive 1"),
        ("", {"KAFKA_COMPRESSION_TYPE": "gzip"}, "gzip 1"),
        ("", {"ENABLE_BINARY_SERIALIZATION": "false"}, "base64-json"),
    ],
)
def test_what_the_settings_in_force_send_is_told_beside_the_choice(
    capsys, tmp_path, monkeypatch, config, variables, sent_as
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "own.yaml").write_text(config)
    steps = np.random.default_rng(0).integers(-9, 10, (300, 300))
    tifffile.imwrite(tmp_path / "scene.tif", (5_000 + steps.cumsum(1)).astype("u2"))
    own = ["--config", str(tmp_path / "own.yaml")]
    assert main(["explain", str(tmp_path / "scene.tif"), *own]) == 0
    printed = capsys.readouterr().out
    assert "chosen: predictive" in printed
    assert f"sent as: {sent_as}, by the settings in force" in printed


def test_json_is_for_programs(capsys, tmp_path):
    (tmp_path / "log.txt").write_bytes(b"smoke plume " * 1000)
    main(["explain", "--json", str(tmp_path / "log.txt")])
    told = json.loads(capsys.readouterr().out)
    assert (told["codec"], told["sent_as"]) == ("zstd", {"codec": "zstd", "level": 1})


def test_a_file_that_is_missing_is_told_in_one_line(capsys, tmp_path):
    assert main(["explain", str(tmp_path / "none.tif")]) == 2
    assert "none.tif cannot be read: No such file" in capsys.readouterr().err


def test_bytes_that_are_handed_on_as_they_are_have_no_speed(capsys, tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(200_000))
    main(["explain", str(tmp_path / "noise")])
    rows = {line.split()[0]: line.split()[3:] for line in capsys.readouterr().out.splitlines()[4:]}
    assert rows["stored"] == ["–", "–"]
    assert rows["gzip-6"] == ["–", "–", "(stored)"]
