"""What every integration test runs against: one embedded stack, fresh names for each test."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.secured import Secured, open_secured
from wildfire_bench.cli import main
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.stack import Stack, open_stack

# A speed is a benchmark, never a timed assertion; a failure prints what reproduces it.
hypothesis.settings.register_profile("tests", deadline=None, print_blob=True)
hypothesis.settings.load_profile("tests")

_numbers = itertools.count(1)

TOGETHER = {
    "tests/cli/test_report.py": "report_dir",
    "tests/report/test_page_in_browser.py": "report_dir",
    "tests/bench/rollback/test_rehearsal.py": "secured",
    "tests/cli/test_topic_acls.py": "secured",
    "tests/streaming/test_access.py": "secured",
    "tests/streaming/test_connection_security.py": "secured",
}
"""Files that share a fixture of the session, by its name."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("embedded", "auto", "compose", "external"),
        default="embedded",
        help="what the tests that need one broker and S3 run against",
    )


def pytest_configure() -> None:
    """Handle SIGINT also where a script put the tests into its background: there it is ignored.

    Processes inherit that, those to which tests send it too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one process, and files that share what is dear to make.

    xdist 3.8 marks groups in `Item._nodeid`, which pytest 9.2 no longer reads.
    """
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER.get(file, file)

    return Together(config, log)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A broker and S3 for the whole session, started by the first test that asks."""
    with open_stack(request.config.getoption("--stack")) as running:
        yield running


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A broker with TLS and ACLs for the whole session; its accounts have no rights yet."""
    with open_secured(tmp_path_factory.mktemp("secured")) as running:
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
