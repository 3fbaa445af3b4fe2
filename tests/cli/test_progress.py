import asyncio
import io

import pytest

from wildfire_bench.cli import progress as module
from wildfire_bench.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_short_command_tells_nothing(clock):
    stream = io.StringIO()
    Progress("sent", 1, 10, stream).add(10)
    assert stream.getvalue() == ""


def test_a_line_comes_every_five_seconds_where_there_is_no_terminal(clock):
    stream = io.StringIO()
    progress = Progress("sent", 20, 40_000_000, stream)
    for clock[0] in range(1, 13):
        progress.add(2_000_000)
    assert stream.getvalue().splitlines() == [
        "sent 5 of 20 images, 10 of 40 MB, 2 MB/s",
        "sent 10 of 20 images, 20 of 40 MB, 2 MB/s",
    ]


def test_a_terminal_has_one_line_that_changes_and_goes(clock):
    stream = Terminal()
    progress = Progress("received", stream=stream)
    clock[0] = 1.0
    progress.add(1_000_000)
    progress.clear()
    assert "received 1 image, 1 MB, 1 MB/s" in stream.getvalue()
    assert stream.getvalue().endswith("\r")
    assert "\n" not in stream.getvalue()


@pytest.mark.parametrize("total", [None, 1])
def test_a_line_is_not_repeated_while_nothing_is_known_to_be_under_way(clock, total):
    stream = io.StringIO()
    progress = Progress("received", total, stream=stream)
    progress.add(2_000_000)
    for clock[0] in range(5, 60):
        progress.look()
    assert stream.getvalue().splitlines() == [
        "received 1 image, 2 MB, 0 MB/s" if total is None else "received 1 of 1 image, 2 MB, 0 MB/s"
    ]


def test_a_line_is_repeated_while_another_image_is_under_way(clock):
    stream = io.StringIO()
    progress = Progress("sent", 2, stream=stream)
    progress.add(2_000_000)
    for clock[0] in range(1, 12):
        progress.look()
    assert len(stream.getvalue().splitlines()) == 2


def test_megabytes_are_rounded(clock):
    stream = io.StringIO()
    progress = Progress("received", 2, 3_900_000, stream)
    clock[0] = 6.0
    progress.add(2_984_776)
    assert stream.getvalue() == "received 1 of 2 images, 3 of 4 MB, 0 MB/s\n"


async def test_it_is_told_while_one_large_image_takes_long(monkeypatch):
    monkeypatch.setattr(module, "LINE_INTERVAL_S", 0.01)
    stream = io.StringIO()
    progress = Progress("sent", 1, 4_000_000_000, stream)
    async with asyncio.timeout(5), progress.looking():
        while not stream.getvalue():
            await asyncio.sleep(0.01)
    assert stream.getvalue().startswith("sent 0 of 1 image, 0 of 4,000 MB")
