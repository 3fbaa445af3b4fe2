from pathlib import Path

import pytest

from wildfire_bench.bench.results.bench_run import SCHEMA_VERSION, BenchRun
from wildfire_bench.bench.results.store import find_run, read_run
from wildfire_bench.bench.verdicts.judging import Verdict, judge_all
from wildfire_bench.bench.workloads.drivers import driver_names

VERSION_2 = Path(__file__).parent / "runs_of_schema_2"
"""Written by version 2 of the schema; never written anew."""


@pytest.fixture(scope="module")
def older() -> BenchRun:
    return read_run(find_run("20261123T151753", VERSION_2))


def test_a_run_of_schema_2_is_read_in_the_present_form(older):
    assert (older.schema_version, older.workload.name) == (SCHEMA_VERSION, "quick")


def test_its_drivers_are_those_of_today(older):
    assert {driver.name for driver in older.variants} <= set(driver_names())


def test_its_samples_are_found_by_size_and_pattern(older):
    assert len(older.end_to_end_ms("json_none")) == 15
    assert len(older.cpu_s_per_gb("json_none", "total")) == 5


def test_its_claims_are_judged(older):
    verdicts = [finding.verdict for finding in judge_all(older)]
    assert verdicts.count(Verdict.NOT_MEASURED) == 4  # those on small records
