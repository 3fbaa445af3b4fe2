from __future__ import annotations

import asyncio

import pytest

from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.streaming.receiving.inbox import Inbox

DEADLINE_S = 10.0


@pytest.fixture
async def inbox() -> Inbox[str]:
    found = Inbox[str]()
    found.open()
    return found


async def test_what_another_thread_puts_is_taken_in_order(inbox: Inbox[str]) -> None:
    await asyncio.to_thread(lambda: [inbox.put(each) for each in "abc"])
    assert [await inbox.take() for _ in "abc"] == ["a", "b", "c"]


async def test_an_error_that_ended_the_thread_is_raised_at_every_later_call(
    inbox: Inbox[str],
) -> None:
    inbox.put(ZeroDivisionError())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await inbox.take()


async def test_all_who_wait_are_told_of_the_end(inbox: Inbox[str]) -> None:
    waiting = asyncio.gather(*(_taken(inbox) for _ in range(3)))
    await asyncio.sleep(0)
    inbox.end()
    assert await asyncio.wait_for(waiting, DEADLINE_S) == ["ended"] * 3


async def _taken(inbox: Inbox[str]) -> str:
    try:
        return await inbox.take()
    except StopAsyncIteration:
        return "ended"


async def test_an_answer_may_be_an_error(inbox: Inbox[str]) -> None:
    with pytest.raises(AcknowledgementLost):
        await inbox.answer(lambda settled: settled(AcknowledgementLost("gone")))
    await inbox.answer(lambda settled: settled(None))


async def test_opening_anew_forgets_what_was_left(inbox: Inbox[str]) -> None:
    inbox.put(ZeroDivisionError())
    await asyncio.sleep(0)
    inbox.open()
    inbox.put("a")
    assert await inbox.take() == "a"


def test_a_closed_loop_is_no_error_for_the_thread() -> None:
    inbox = Inbox[str]()

    async def open_and_leave() -> None:
        inbox.open()

    asyncio.run(open_and_leave())
    inbox.put("a")
