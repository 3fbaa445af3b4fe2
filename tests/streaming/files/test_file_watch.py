import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from wildfire_bench.errors import InputError
from wildfire_bench.streaming.files import file_watch
from wildfire_bench.streaming.files.file_watch import watch_folder

SETTLE_S = 0.08
DEADLINE_S = 10.0


class Clock:
    """Time that goes on only where a test says so, in steps that are too short to rest in."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    async def until_given(
        self, watching: AsyncGenerator[Path], *, written: Path | None = None
    ) -> str:
        """The next file; before each step something is written to another one."""
        looking = asyncio.ensure_future(anext(watching))
        async with asyncio.timeout(DEADLINE_S):
            while not looking.done():
                if written is not None:
                    with written.open("a") as file:
                        file.write(" ")
                self.now_s += SETTLE_S / 8
                await asyncio.sleep(SETTLE_S / 32)
        return (await looking).name


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Instead of the watch's own."""
    stood = Clock()
    monkeypatch.setattr(file_watch, "time", stood)
    return stood


@pytest.fixture
async def watching(tmp_path: Path) -> AsyncGenerator[AsyncGenerator[Path]]:
    found = watch_folder(tmp_path, settle_s=SETTLE_S)
    yield found
    await found.aclose()


async def following(watching: AsyncGenerator[Path]) -> str:
    return (await asyncio.wait_for(anext(watching), DEADLINE_S)).name


async def test_files_already_there_are_given(tmp_path: Path, watching) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    assert await following(watching) == "a.tif"


async def test_a_file_that_still_grows_waits_for_its_end(tmp_path: Path, watching) -> None:
    growing, resting = tmp_path / "a.tif", tmp_path / "b.tif"
    growing.write_bytes(b"x")
    resting.write_bytes(b"x")
    looking = asyncio.ensure_future(following(watching))
    while not looking.done():
        with growing.open("ab") as file:
            file.write(b"x")
        await asyncio.sleep(SETTLE_S / 8)
    assert [await looking, await following(watching)] == ["b.tif", "a.tif"]


async def test_an_empty_file_is_told_once_and_given_when_it_has_bytes(
    tmp_path: Path, watching, caplog
) -> None:
    empty = tmp_path / "a.tif"
    empty.touch()
    looking = asyncio.ensure_future(following(watching))
    async with asyncio.timeout(DEADLINE_S):
        while not caplog.records:
            await asyncio.sleep(SETTLE_S / 8)
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await looking == "b.tif"
    empty.write_bytes(b"x")
    assert await following(watching) == "a.tif"
    assert caplog.messages == [f"{empty} is empty: it is sent once it has bytes"]


async def test_an_empty_file_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    async with asyncio.timeout(DEADLINE_S):
        found = [
            path
            async for path in watch_folder(tmp_path, settle_s=SETTLE_S, idle_timeout_s=SETTLE_S)
        ]
    assert found == []


async def test_a_file_renamed_into_place_is_given_under_its_name(tmp_path: Path, watching) -> None:
    part = tmp_path / "a.tif.part"
    part.write_bytes(b"x")
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await following(watching) == "b.tif"
    part.rename(tmp_path / "a.tif")
    assert await following(watching) == "a.tif"


async def test_a_file_that_is_replaced_is_given_again(tmp_path: Path, watching) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"x")
    await following(watching)
    path.write_bytes(b"xyz")
    assert await following(watching) == "a.tif"


async def test_it_ends_when_nothing_comes_for_long_enough(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    found = [
        path async for path in watch_folder(tmp_path, settle_s=SETTLE_S, idle_timeout_s=SETTLE_S)
    ]
    assert [path.name for path in found] == ["a.tif"]


async def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        await anext(watch_folder(tmp_path / "none"))


async def test_json_that_comes_or_changes_after_its_image_was_given_gives_it_again(
    tmp_path: Path, watching
) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    assert await following(watching) == "a.tif"
    for content in ("{}", '{"n": 1}'):
        (tmp_path / "a.json").write_text(content)
        assert await following(watching) == "a.tif"


async def test_json_that_is_taken_away_does_not_give_its_image_again(
    tmp_path: Path, watching
) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    (tmp_path / "a.tif.json").write_text("{}")
    assert await following(watching) == "a.tif"
    (tmp_path / "a.tif.json").unlink()
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await following(watching) == "b.tif"


async def test_an_image_waits_for_json_that_is_still_being_written(
    tmp_path: Path, watching, clock: Clock
) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await clock.until_given(watching, written=tmp_path / "a.json") == "b.tif"
    assert await clock.until_given(watching) == "a.tif"


async def test_json_that_goes_on_changing_holds_its_image_up_for_a_while_and_is_told_once(
    tmp_path: Path, watching, clock: Clock, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "MAX_SIDE_CAR_WAIT_S", SETTLE_S)
    side_car = tmp_path / "a.json"
    (tmp_path / "a.tif").write_bytes(b"x")
    assert await clock.until_given(watching, written=side_car) == "a.tif"
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await clock.until_given(watching, written=side_car) == "b.tif"
    assert await clock.until_given(watching) == "a.tif"
    assert ["goes on changing" in told for told in caplog.messages] == [True]


async def test_json_that_goes_on_changing_does_not_keep_it_from_ending(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "MAX_SIDE_CAR_WAIT_S", SETTLE_S)
    (tmp_path / "a.tif").write_bytes(b"x")
    watching = watch_folder(tmp_path, settle_s=SETTLE_S, idle_timeout_s=SETTLE_S)
    assert await clock.until_given(watching, written=tmp_path / "a.json") == "a.tif"
    with pytest.raises(StopAsyncIteration):
        await clock.until_given(watching, written=tmp_path / "a.json")


async def test_json_beside_an_empty_file_does_not_have_it_told_again(
    tmp_path: Path, watching, caplog
) -> None:
    (tmp_path / "a.tif").touch()
    (tmp_path / "b.tif").write_bytes(b"x")
    assert await following(watching) == "b.tif"
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("{}")
    assert await following(watching) == "b.tif"
    assert len(caplog.messages) == 1


async def test_a_folder_of_too_much_json_is_refused(
    tmp_path: Path, watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "MAX_FILES", 1)
    for name in ("a.json", "b.json"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match="more than 1 files"):
        await anext(watching)
