import pytest

from wildfire_bench.cli import main


@pytest.mark.parametrize("command", ["send", "serve"])
def test_a_folder_that_is_not_there_is_refused_before_anything_starts(command, tmp_path, capsys):
    none = tmp_path / "none"
    # A producer or a service would look for the brokers first.
    assert main([command, "--watch", str(none), "--bootstrap-servers", "127.0.0.1:1"]) == 2
    printed = capsys.readouterr()
    assert printed.err == (
        f"wildfire-bench: folder {none} cannot be read: No such file or directory\n"
    )
