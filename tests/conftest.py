"""What every integration test runs against: one embedded stack, fresh names for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from wildfire_bench.cli import main
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.stack import Stack, open_stack

# A speed is a benchmark, never a timed assertion; a failure prints what reproduces it.
hypothesis.settings.register_profile("tests", deadline=None, print_blob=True)
hypothesis.settings.load_profile("tests")

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("embedded", "auto", "compose", "external"),
        default="embedded",
        help="what the tests that need one broker and S3 run against",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, and all that look at one report."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        shared = "report_dir" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("report_dir" if shared else item.location[0]))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A broker and S3 for the whole session, started by the first test that asks."""
    with open_stack(request.config.getoption("--stack")) as running:
        yield running


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test of this session has, in whichever process."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "t")
    return f"{worker}-{next(_numbers)}-"


@pytest.fixture
def settings(stack: Stack, topic_prefix: str) -> Settings:
    """Settings pointed at the stack, with topics and a bucket of the test's own.

    The bucket's name is fresh; it is not made.
    """
    bucket = f"{topic_prefix}images"
    return stack.apply(Settings(topic_prefix=topic_prefix, s3=S3Settings(bucket=bucket)))


@pytest.fixture(scope="session")
def report_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a `wildfire-bench report` of the smallest profile, on a broker of its own."""
    folder, store = (tmp_path_factory.mktemp(name) for name in ("report", "kept"))
    where = ["--out", str(folder), "--store", str(store)]
    assert main(["report", "--profile", "smoke", "--stack", "embedded", *where]) == 0
    return folder
