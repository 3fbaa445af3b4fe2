import io
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import pytest

from wildfire_bench.cli import application as command_line
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
        listed = pages[0].partition("Commands:\n")[2].partition("\n\n")[0]
        names = [line.split()[0] for line in listed.splitlines()]
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
    [
        ["settings", "--config", "nowhere.yaml"],
        ["settings", "--no-such-option"],
        ["no-such"],
        ["bench", "routes", "--codec", "lz4"],
        ["bench", "routes", "--codec", "zstd", "--level", "99"],
        ["report", "--stack", "foo"],
        ["send", "scene.tif", "--source-id", ""],
    ],
)
def test_mistakes_end_with_status_two(arguments):
    assert main(arguments) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["settings", "--no-such-option"], "see wildfire-bench settings --help"),
        (["stack", "up", "--brokers", "many"], "see wildfire-bench stack up --help"),
        (["no-such"], "see wildfire-bench --help"),
    ],
)
def test_wrong_usage_is_told_in_one_line_that_names_the_help_page(arguments, told, capsys):
    main(arguments)
    printed = capsys.readouterr().err
    assert (printed.count("\n"), told in printed) == (1, True)


@pytest.mark.parametrize("name", ["stack", "topics"])
def test_a_group_alone_shows_its_help(name, capsys):
    main([name])
    printed = capsys.readouterr()
    assert "Commands:" in printed.out + printed.err


@pytest.fixture
def a_file(tmp_path, monkeypatch):
    path = tmp_path / "a_file"
    path.touch()
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path))  # no stack of this checkout
    return path


def test_a_file_in_place_of_a_folder_is_told_in_one_line(a_file, capsys):
    assert main(["notebooks", "run", "before_after", "--out", str(a_file)]) == 2
    assert f"{a_file}" in capsys.readouterr().err.splitlines()[-1]


def test_a_state_folder_that_is_a_file_is_told_in_one_line(a_file, monkeypatch, capsys):
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(a_file))
    assert main(["stack", "status"]) == 2
    printed = capsys.readouterr().err
    assert (printed.count("\n"), str(a_file) in printed) == (1, True)


def test_a_value_that_no_model_takes_is_told_in_one_line(capsys):
    assert main(["bench", "routes", "--codec", "LZ4"]) == 2
    printed = capsys.readouterr().err
    assert (printed.count("\n"), "codec" in printed) == (1, True)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("jgo", "pip install 'wildfire-bench[embedded]'"),
        ("pyarrow.parquet", "pip install 'wildfire-bench[bench]'"),
        ("PIL.Image", "pip install 'wildfire-bench[samples]'"),
        ("nobody_knows", "pip install 'wildfire-bench[bench,embedded,samples,lab,fast,api]'"),
    ],
)
def test_a_package_that_is_missing_is_told_with_its_extra(module, told, monkeypatch, capsys):
    def missing(_):
        raise ModuleNotFoundError(name=module)

    monkeypatch.setattr(command_line, "application", missing)
    assert main(["report"]) == 2
    printed = capsys.readouterr().err
    assert (printed.count("\n"), told in printed) == (1, True)


def test_a_module_of_ours_that_is_missing_is_a_fault_and_raises(monkeypatch):
    def missing(_):
        raise ModuleNotFoundError(name="wildfire_bench.gone")

    monkeypatch.setattr(command_line, "application", missing)
    with pytest.raises(ModuleNotFoundError):
        main(["report"])


def test_a_file_whose_name_is_no_text_is_printed_and_ends_no_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="utf-8"))
    main(["--version"])
    print("scene-\udcff.tif", flush=True)
    assert written.getvalue().endswith(b"scene-\\udcff.tif\n")
