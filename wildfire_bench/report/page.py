"""One HTML file from executed notebooks: opens offline, asks for nothing, runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wildfire_bench.errors import BenchmarkError, InputError

__all__ = ["build_report"]

TEMPLATES = Path(__file__).parent
HIDDEN_TAGS = {"parameters", "injected-parameters", "hide-cell"}
MAX_REPORT_BYTES = 20_000_000


def build_report(notebooks: Sequence[Path], out: Path, *, title: str) -> Path:
    """Write the report.

    Parameters
    ----------
    notebooks
        Executed notebooks; the page has their cells one after the other, without code.
    out
        The file to write; its folder is made.
    title
        Of the page.

    Returns
    -------
    Path
        `out`, absolute.

    Raises
    ------
    InputError
        If there is no notebook.
    BenchmarkError
        If one cannot be read, or the page would exceed 20 MB.
    """
    import nbformat

    if not notebooks:
        msg = "a report needs at least one executed notebook"
        raise InputError(msg)
    try:
        first, *others = [nbformat.read(path, as_version=4) for path in notebooks]
    except OSError as error:
        msg = f"cannot read the executed notebook {error.filename}: {error.strerror}"
        raise BenchmarkError(msg) from error
    for other in others:
        first.cells += other.cells
    for index, cell in enumerate(first.cells):
        cell["id"] = str(index)  # each notebook counts from 0
    first.metadata["title"] = title
    page, _ = _exporter().from_notebook_node(first)
    if len(page) > MAX_REPORT_BYTES:
        msg = f"the report has {len(page):,} bytes, at most {MAX_REPORT_BYTES:,}: draw fewer marks"
        raise BenchmarkError(msg)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    partial.write_text(page, encoding="utf-8")
    return partial.replace(out)


def _exporter() -> Any:
    """Make what turns a notebook into a page: no code, no prompts, all images within."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    return HTMLExporter(
        config=Config(
            {
                "HTMLExporter": {
                    "extra_template_basedirs": [str(TEMPLATES)],
                    "template_name": "template",
                    "exclude_input": True,
                    "exclude_output_prompt": True,
                    "exclude_input_prompt": True,
                    "embed_images": True,
                },
                "TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": HIDDEN_TAGS},
            }
        )
    )
