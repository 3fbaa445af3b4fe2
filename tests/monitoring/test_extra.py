"""Without the extra `api`, what needs it says so."""

from __future__ import annotations

import pytest

from wildfire_bench.cli import main
from wildfire_bench.monitoring import extra


def test_serve_without_the_extra_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extra, "_NEEDED", ("fastapi", "no_such_package"))
    assert main(["serve"]) == 2
    told = capsys.readouterr().err
    assert "no_such_package cannot be imported" in told
    assert "pip install 'wildfire-bench[api]'" in told
