"""How Sphinx builds these pages: ``make docs`` writes them to build/docs."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

from sphinx.application import Sphinx

project = "Wildfire Bench"
copyright = "the Wildfire Bench authors"  # noqa: A001 - Sphinx's name
version = release = installed_version("wildfire-bench")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_heading_anchors = 4  # links to headings are written as on GitHub
myst_enable_extensions = ["fieldlist"]

napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_default_options = {"members": True, "undoc-members": True}
default_role = "py:obj"  # names between single backticks; what is not on these pages stays text
python_use_unqualified_type_names = True

html_theme = "furo"  # system fonts; nothing comes from elsewhere
html_title = f"Wildfire Bench {release}"
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Keep napoleon from reading what stands before a colon in an attribute's words as its type."""
    words: list[str] = []

    def keep(
        _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
    ) -> None:
        words[:] = lines

    def restore(
        _app: Sphinx, what: str, _name: str, _object: Any, _options: Any, lines: list[str]
    ) -> None:
        if what in {"attribute", "data", "property"}:
            lines[:] = words

    app.connect("autodoc-process-docstring", keep, priority=1)
    app.connect("autodoc-process-docstring", restore, priority=1000)
