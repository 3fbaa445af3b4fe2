import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import pytest

from wildfire_bench.cli import main
from wildfire_bench.cli.application import COMMANDS

LANDED = [name for name, each in COMMANDS.items() if find_spec(f"wildfire_bench.cli.{each.module}")]


def test_help_lists_every_command_with_its_line(capsys):
    main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {command.help}" in shown for name, command in COMMANDS.items())


def test_help_imports_no_heavy_library():
    code = (
        "import sys\n"
        "from wildfire_bench.cli import main\n"
        "main(['--help'])\n"
        "heavy = {'confluent_kafka', 'matplotlib', 'numba', 'numpy', 'pandas', 'pydantic'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", LANDED)
def test_line_of_the_list_is_the_first_of_the_commands_own_help(name, capsys):
    assert main([name, "--help"]) == 0
    assert COMMANDS[name].help in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", LANDED)
def test_every_command_shows_an_example(name, capsys):
    main([name, "--help"])
    pages = [capsys.readouterr().out]
    if "Commands:" in pages[0]:
        names = [line.split()[0] for line in pages[0].partition("Commands:\n")[2].splitlines()]
        pages = []
        for sub_command in names:
            main([name, sub_command, "--help"])
            pages.append(capsys.readouterr().out)
    assert all("Example: " in page and "wildfire-bench" in page for page in pages)


def test_version_is_that_of_the_package(capsys):
    main(["--version"])
    assert capsys.readouterr().out.strip() == version("wildfire-bench")


def test_error_of_the_library_is_one_line_on_standard_error(capsys):
    main(["settings", "--config", "nowhere.yaml"])
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    "arguments",
    [["settings", "--config", "nowhere.yaml"], ["settings", "--no-such-option"], ["no-such"]],
)
def test_mistakes_end_with_status_two(arguments):
    assert main(arguments) == 2
