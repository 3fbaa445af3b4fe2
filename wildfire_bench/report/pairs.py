"""Notebooks are written as py:percent; the output-free .ipynb beside each is made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wildfire_bench.errors import BenchmarkError

__all__ = ["notebook_dir", "notebook_names", "paired_text", "read_source", "sync_notebooks"]

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def notebook_dir() -> Path:
    """Find the folder of the notebooks, in the working tree that the package is installed from.

    Raises
    ------
    BenchmarkError
        If the package was installed without them.
    """
    folder = Path(__file__).resolve().parents[2] / "notebooks"
    if not folder.is_dir():
        msg = (
            "the notebooks are not part of this installation: clone the repository and install "
            "from there (pip install -e .)"
        )
        raise BenchmarkError(msg)
    return folder


def notebook_names() -> tuple[str, ...]:
    """List the notebooks, sorted."""
    return tuple(sorted(path.stem for path in notebook_dir().glob("*.py")))


def read_source(source: Path) -> Any:
    """Read a py:percent file as a notebook whose cell ids do not change from time to time."""
    import jupytext

    notebook = jupytext.read(source)
    notebook.metadata = type(notebook.metadata)({"kernelspec": _KERNEL})
    notebook.nbformat_minor = 5
    for index, cell in enumerate(notebook.cells):
        cell.id = str(index)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def paired_text(source: Path) -> str:
    """Give the text that the .ipynb beside a source must have."""
    import nbformat

    return str(nbformat.writes(read_source(source))) + "\n"


def sync_notebooks(folder: Path | None = None) -> tuple[Path, ...]:
    """Write the .ipynb of every source anew where it differs.

    Parameters
    ----------
    folder
        Of the notebooks; None for the project's.

    Returns
    -------
    tuple of Path
        Those that were written.
    """
    written = []
    for source in sorted((folder or notebook_dir()).glob("*.py")):
        target, text = source.with_suffix(".ipynb"), paired_text(source)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return tuple(written)
