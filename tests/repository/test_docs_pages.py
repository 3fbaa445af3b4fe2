"""The documentation as pages: built without a warning, whole, and with nothing from elsewhere."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

from tests.repository.documents import ROOT

MODULES = ["wildfire_bench", "wildfire_bench.errors", "wildfire_bench.settings"]
"""All that they name in `__all__` stands in the API reference."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make docs`` writes."""
    out = tmp_path_factory.mktemp("pages")
    options = ["-W", "--keep-going", "-q", "-E", "-d", out / "doctrees"]
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, ROOT / "docs", out / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return out / "html"


@pytest.fixture(scope="module")
def described(pages) -> set[str]:
    """Full names of all that the API reference describes."""
    found = InventoryFile.loads((pages / "objects.inv").read_bytes(), uri="")
    return {name for kind, names in found.data.items() if kind.startswith("py:") for name in names}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_in_the_reference(module, described):
    names = importlib.import_module(module).__all__
    assert {f"{module}.{name}" for name in names} - described == set()


def test_methods_are_described_with_their_class(described):
    assert "wildfire_bench.KafkaDataProducer.send_satellite_image" in described


def test_every_document_is_a_page(pages):
    written = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert written == {path.stem for path in pages.glob("*.html")} - {
        "genindex",
        "py-modindex",
        "search",
    }


def test_no_page_loads_anything_from_elsewhere(pages):
    loads = r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["']?(?:https?:)?//[^>]*>"""
    styles = r"""(?:@import|url\()\s*["']?(?:https?:)?//"""
    found = [
        (path.name, match)
        for path in pages.rglob("*")
        if path.suffix in {".html", ".css"}
        for match in re.findall(f"{loads}|{styles}", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_pages_say_which_version_they_describe(pages):
    index = (pages / "index.html").read_text(encoding="utf-8")
    assert version("wildfire-bench") in index
