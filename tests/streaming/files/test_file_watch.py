import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from wildfire_bench.errors import InputError
from wildfire_bench.streaming.files.file_watch import watch_folder

SETTLE_S = 0.08
DEADLINE_S = 10.0


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
