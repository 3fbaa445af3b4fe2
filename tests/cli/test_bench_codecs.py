import json

from wildfire_bench.cli import main


def test_codecs_are_measured_as_json(capsys):
    assert main(["bench", "codecs", "--scene", "blue-marble", "--repetitions", "3", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["ratios"]["predictive-1 to zstd-1"]["blue-marble"]["size"] == 1


def test_codecs_are_shown_as_a_table(capsys):
    main(["bench", "codecs", "--scene", "landsat-8", "--repetitions", "3", "--no-rivals"])
    shown = capsys.readouterr().out
    assert "predictive-2" in shown
    assert "rivals were left out" in shown
