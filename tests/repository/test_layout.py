"""What names a test by its path names one that is there: in documents, code and other tests."""

from __future__ import annotations

import re

from tests.repository.documents import DOCUMENTS, ROOT

CODE = [
    path for top in ("wildfire_bench", "tests", "scripts") for path in (ROOT / top).rglob("*.py")
]


def test_every_test_that_is_named_by_its_path_exists() -> None:
    gone = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (*DOCUMENTS, ROOT / "Makefile", *CODE)
        for name in re.findall(r"\btests/[\w/]+\.py\b", path.read_text(encoding="utf-8"))
        if not (ROOT / name).is_file()
    ]
    assert gone == []
