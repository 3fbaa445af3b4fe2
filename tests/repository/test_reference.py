"""What the README says of the reference run is what its samples say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.documents import document
from wildfire_bench.bench.matrix.lane_checks import lane_checks_of
from wildfire_bench.bench.results.store import find_run, read_run
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.report.reference import reference_section, with_reference_section


def test_the_readme_says_what_the_reference_run_measured() -> None:
    kept = find_run("reference", Path("no-store-of-its-own"))
    results = read_run(kept)
    section = reference_section(results, judge_all(results, lane_checks_of(kept)))
    assert with_reference_section(document("README.md"), section) == document("README.md")


def test_a_readme_without_the_marks_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="once each"):
        with_reference_section("# A title", "words")
