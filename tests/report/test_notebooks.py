import os
import signal

import pytest

from wildfire_bench.cli.interruption import sigterm_interrupts
from wildfire_bench.errors import BenchmarkError, InvalidParameter
from wildfire_bench.report import notebooks, pairs
from wildfire_bench.report.notebooks import (
    check_parameters,
    notebook_parameters,
    run_notebook,
)

SOURCE = """# %% tags=["parameters"]
count: int = 3  # lines to print
share: float = 0.5  # of one
name: str = "a"  # any
fast: bool = False  # yes or no
out_dir: str = "."  # folder

# %%
for line in range(count):
    print(f"line {line}")

# %%
from pathlib import Path
Path(out_dir, "written").write_text(name)
1 / (count - 13)
"""


@pytest.fixture
def example(tmp_path, monkeypatch):
    """A folder with one small notebook in place of the project's."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "example.py").write_text(SOURCE)
    for module in (notebooks, pairs):
        monkeypatch.setattr(module, "notebook_dir", lambda: folder)
    return tmp_path / "run"


@pytest.mark.usefixtures("example")
class TestCheckingParameters:
    def test_every_parameter_has_type_default_and_help(self):
        count = notebook_parameters("example")[0]
        assert (count.type, count.default, count.help) == ("int", "3", "lines to print")

    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        with pytest.raises(InvalidParameter, match="count, share, name, fast"):
            check_parameters("example", {"counts": 3})

    @pytest.mark.parametrize(
        "wrong", [{"count": "three"}, {"share": "half"}, {"fast": "perhaps"}, {"name": 3}]
    )
    def test_an_ill_typed_value_is_refused(self, wrong):
        with pytest.raises(InvalidParameter, match=next(iter(wrong))):
            check_parameters("example", wrong)

    def test_text_of_a_command_line_becomes_the_declared_type(self):
        given = {"count": "4", "share": "0.25", "fast": "true"}
        assert check_parameters("example", given) == {"count": 4, "share": 0.25, "fast": True}

    def test_an_unknown_notebook_is_refused_with_the_known_ones(self):
        with pytest.raises(InvalidParameter, match="example"):
            check_parameters("exemple", {})


def test_ill_typed_parameters_leave_nothing_behind(example):
    with pytest.raises(InvalidParameter):
        run_notebook("example", {"count": "x"}, example)
    assert not example.exists()


def test_a_run_hands_on_lines_and_writes_to_its_own_folder(example):
    lines = []
    run = run_notebook("example", {"count": 2, "name": "b"}, example, lines.append)
    assert (lines, (run.out_dir / "written").read_text()) == (["line 0", "line 1"], "b")


def test_a_failing_cell_is_named_and_the_partial_copy_is_kept(example):
    with pytest.raises(BenchmarkError, match=r"cell \d .*ZeroDivisionError.*example\.ipynb"):
        run_notebook("example", {"count": 13}, example)
    assert "line 12" in (example / "example.ipynb").read_text()


def test_the_sources_folder_is_no_place_for_a_run(example):
    with pytest.raises(InvalidParameter, match="sources"):
        run_notebook("example", {}, example.parent / "notebooks")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_kernel_and_run_with_one_line_and_leaves_the_partial_copy_alone(
    example, number
):
    said = []

    def interrupt_the_last_cell(line):
        if line == "resting":
            os.kill(os.getpid(), number)
        said.append(line)

    source = pairs.notebook_dir() / "example.py"
    source.write_text(
        SOURCE + "\n# %%\nimport time\nprint('resting', flush=True)\ntime.sleep(60)\n"
    )
    with sigterm_interrupts(), pytest.raises(KeyboardInterrupt):
        run_notebook("example", {}, example, progress=interrupt_the_last_cell)
    assert said[-1].startswith("interrupted; what was done until then is in")
    assert sorted(each.name for each in example.iterdir()) == ["example.ipynb", "written"]
