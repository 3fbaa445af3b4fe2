import json

import pytest

from wildfire_bench.report.pairs import (
    notebook_dir,
    notebook_names,
    paired_text,
    sync_notebooks,
)


@pytest.mark.parametrize("name", notebook_names())
def test_the_ipynb_is_the_one_made_from_its_source(name):
    source = notebook_dir() / f"{name}.py"
    assert source.with_suffix(".ipynb").read_text() == paired_text(source), (
        "run `wildfire-bench notebooks sync`"
    )


@pytest.mark.parametrize("name", notebook_names())
def test_no_cell_has_more_than_ten_lines_of_code(name):
    cells = json.loads(paired_text(notebook_dir() / f"{name}.py"))["cells"]
    assert max(len(cell["source"]) for cell in cells if cell["cell_type"] == "code") <= 10


def test_syncing_writes_only_what_differs(tmp_path):
    (tmp_path / "one.py").write_text("# %%\n1 + 1\n")
    assert [len(sync_notebooks(tmp_path)), len(sync_notebooks(tmp_path))] == [1, 0]
