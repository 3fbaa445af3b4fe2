import json
import os

from wildfire_bench.cli import main


def test_the_choice_and_all_codecs_are_shown(capsys, tmp_path):
    (tmp_path / "log.txt").write_bytes(b"smoke plume " * 1000)
    assert main(["explain", str(tmp_path / "log.txt")]) == 0
    assert "chosen: zstd, because no pixels were found" in capsys.readouterr().out


def test_json_is_for_programs(capsys, tmp_path):
    (tmp_path / "log.txt").write_bytes(b"smoke plume " * 1000)
    main(["explain", "--json", str(tmp_path / "log.txt")])
    assert json.loads(capsys.readouterr().out)["codec"] == "zstd"


def test_a_file_that_is_missing_is_told_in_one_line(capsys, tmp_path):
    assert main(["explain", str(tmp_path / "none.tif")]) == 2
    assert "none.tif cannot be read: No such file" in capsys.readouterr().err


def test_bytes_that_are_handed_on_as_they_are_have_no_speed(capsys, tmp_path):
    (tmp_path / "noise").write_bytes(os.urandom(200_000))
    main(["explain", str(tmp_path / "noise")])
    rows = {line.split()[0]: line.split()[3:] for line in capsys.readouterr().out.splitlines()[4:]}
    assert rows["stored"] == ["–", "–"]
    assert rows["gzip-6"] == ["–", "–", "(stored)"]
