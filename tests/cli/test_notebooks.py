import json

import pytest

from wildfire_bench.cli import main


def test_the_list_has_every_parameter_with_its_comment(capsys):
    main(["notebooks", "list"])
    printed = capsys.readouterr().out
    assert "rounds: int = 0  # times that every variant is measured" in printed
    assert not [line for line in printed.splitlines() if line.endswith("# ")]


def test_the_list_is_json_when_asked(capsys):
    main(["notebooks", "list", "--json"])
    assert json.loads(capsys.readouterr().out)["before_after"][0]["name"] == "profile"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no_such"], "before_after"),
        (["before_after", "-p", "nosuch", "1"], "no parameter 'nosuch'"),
        (["before_after", "-p", "rounds", "many"], "rounds"),
        (["before_after", "-p", "rounds=many"], "rounds"),
        (["before_after", "-p", "rounds"], "KEY VALUE"),
    ],
)
def test_wrong_parameters_are_refused_in_one_line(capsys, tmp_path, arguments, words):
    status = main(["notebooks", "run", *arguments, "--out", str(tmp_path / "out")])
    printed = capsys.readouterr().err
    assert (status, printed.count("\n"), words in printed) == (2, 1, True)


def test_syncing_finds_nothing_to_do(capsys):
    main(["notebooks", "sync"])
    assert capsys.readouterr().out == ""
