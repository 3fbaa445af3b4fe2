import pytest

from wildfire_bench.cli import main


def test_an_unknown_profile_is_refused_before_anything_starts(capsys):
    assert main(["bench", "matrix", "--profile", "huge"]) == 2
    assert "choose smoke, quick, full" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--profile", "--stack", "--json", "--out"])
def test_the_help_names_every_option(capsys, option):
    main(["bench", "matrix", "--help"])
    assert option in capsys.readouterr().out
