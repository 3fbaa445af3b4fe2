import re
from pathlib import Path

import nbformat
import pytest

from tests.bench.made_up import made_up
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.errors import BenchmarkError, InputError
from wildfire_bench.report.page import build_report
from wildfire_bench.report.sentences import headline
from wildfire_bench.report.tables import verdict_table


@pytest.fixture
def executed(tmp_path) -> Path:
    """An executed notebook with a parameters cell, code, a table and an opening."""
    cell = nbformat.v4.new_code_cell
    results = made_up()
    shown = [headline(results, judge_all(results)), verdict_table(judge_all(results))]
    cells = [
        nbformat.v4.new_markdown_cell("# A title\n\n[elsewhere](docs/x.md)"),
        cell("secret_parameter = 1", metadata={"tags": ["parameters"]}),
        *(
            cell(
                "code_of_a_cell()",
                outputs=[
                    nbformat.v4.new_output(
                        "display_data",
                        {"text/html": each._repr_html_(), "text/plain": repr(each)},
                    )
                ],
            )
            for each in shown
        ),
    ]
    path = tmp_path / "executed.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def page(executed, tmp_path) -> str:
    return build_report([executed], tmp_path / "out" / "index.html", title="A <title>").read_text()


def test_the_page_forbids_everything_but_its_own_images_and_styles(page):
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page


def test_the_page_names_its_language_and_title(page):
    assert '<html lang="en">' in page
    assert "<title>A &lt;title&gt;</title>" in page


def test_the_page_has_no_script_and_no_address_of_another_host(page):
    assert re.findall(r"<script|<link|<iframe|https?://(?!www\.w3\.org)", page) == []


def test_code_and_parameters_are_left_out(page):
    assert "code_of_a_cell" not in page
    assert "secret_parameter" not in page


def test_equal_notebooks_give_equal_pages(executed, tmp_path):
    pages = [build_report([executed], tmp_path / f"{i}.html", title="T") for i in range(2)]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_several_notebooks_make_one_page(executed, tmp_path):
    page = build_report([executed, executed], tmp_path / "index.html", title="T").read_text()
    assert page.count('class="headline"') == 2
    assert page.count("</html>") == 1


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError):
        build_report([], tmp_path / "index.html", title="T")


def test_a_missing_notebook_is_an_error_with_its_name(tmp_path):
    with pytest.raises(BenchmarkError, match=r"gone\.ipynb"):
        build_report([tmp_path / "gone.ipynb"], tmp_path / "index.html", title="T")
