from __future__ import annotations

import asyncio

from wildfire_bench.streaming.sending.bytes_in_flight import BytesInFlight


async def started(*turns: asyncio.Task[None]) -> list[bool]:
    """Which turns were given, once all that can happen has happened."""
    for _ in range(5):
        await asyncio.sleep(0)
    return [turn.done() for turn in turns]


def ask(in_flight: BytesInFlight, *sizes: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(in_flight.take(size)) for size in sizes]


async def test_what_fits_is_taken_at_once() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(4)
    await in_flight.take(6)
    assert in_flight.held_bytes == 10


async def test_what_does_not_fit_waits_until_there_is_room() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(8)
    (turn,) = ask(in_flight, 3)
    assert await started(turn) == [False]
    in_flight.give_back(8)
    assert await started(turn) == [True]
    assert in_flight.held_bytes == 3


async def test_turns_are_given_in_the_order_of_asking() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(8)
    large, small = ask(in_flight, 9, 1)
    assert await started(large, small) == [False, False]
    in_flight.give_back(8)
    assert await started(large, small) == [True, True]


async def test_a_record_larger_than_the_limit_travels_alone() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(1)
    large, after = ask(in_flight, 50, 1)
    assert await started(large, after) == [False, False]
    in_flight.give_back(1)
    assert await started(large, after) == [True, False]
    in_flight.give_back(50)
    assert await started(large, after) == [True, True]


async def test_one_who_gives_up_waiting_holds_nobody_up() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(8)
    large, small = ask(in_flight, 9, 2)
    await started(large, small)
    large.cancel()
    in_flight.give_back(1)
    assert (await started(small)) == [True]
    assert in_flight.held_bytes == 9


async def test_one_who_gives_up_as_the_turn_comes_gives_it_back() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(8)
    (turn,) = ask(in_flight, 9)
    await started(turn)
    in_flight.give_back(8)
    turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    assert in_flight.held_bytes == 0


async def test_one_who_gives_up_lets_the_next_in_at_once() -> None:
    in_flight = BytesInFlight(10)
    await in_flight.take(8)
    large, small = ask(in_flight, 9, 2)
    await started(large, small)
    large.cancel()
    assert (await started(small)) == [True]
