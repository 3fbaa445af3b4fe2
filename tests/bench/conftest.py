from pathlib import Path

import pytest

from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.results.store import find_run, read_run


@pytest.fixture(scope="session")
def reference() -> BenchRun:
    """The run that comes with the package: recorded samples of a real one."""
    return read_run(find_run("reference", Path("no-store-of-its-own")))
