import json

import pytest

from wildfire_bench.cli import main
from wildfire_bench.settings import setting_keys


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path))  # no stack of this checkout


def shown(capsys, *options: str) -> dict:
    assert main(["settings", "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_setting_is_shown(capsys):
    assert set(shown(capsys)) == set(setting_keys())


def test_option_is_shown_as_argument(capsys):
    assert shown(capsys, "--bootstrap-servers", "a:1")["kafka.bootstrap_servers"] == {
        "value": "a:1",
        "origin": "argument",
    }


def test_file_is_shown_with_its_line(capsys, tmp_path):
    (tmp_path / "mine.yaml").write_text("topic_prefix: x.\n")
    assert shown(capsys, "--config", "mine.yaml")["topic_prefix"] == {
        "value": "x.",
        "origin": "mine.yaml:1",
    }


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_secret_is_shown_as_stars(capsys, monkeypatch, form):
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hush")
    main(["settings", *form])
    printed = capsys.readouterr().out
    assert "hush" not in printed
    assert "**********" in printed


def test_a_slip_in_a_variables_name_is_told(monkeypatch, caplog):
    monkeypatch.setenv("KAFKA_COMPRESION_TYPE", "gzip")
    main(["settings"])
    assert "did you mean KAFKA_COMPRESSION_TYPE?" in caplog.text


def test_a_codec_that_does_not_exist_is_refused_with_its_line(tmp_path, capsys):
    text = "compression_matrix:\n  satellite_imagery:\n    codec: lz4\n"
    (tmp_path / "mine.yaml").write_text(text)
    assert main(["settings", "--config", "mine.yaml"]) == 2
    told = capsys.readouterr().err
    assert "mine.yaml:3: compression_matrix.satellite_imagery.codec: codec 'lz4'" in told
    assert "auto, " in told
