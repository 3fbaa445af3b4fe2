"""``dead-letters`` on images that a consumer refused."""

import asyncio
import json
import os

import pytest

from tests.streaming.raw_records import RawRecord, put
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.cli import main
from wildfire_bench.settings import Settings
from wildfire_bench.streaming import dead_letter_box
from wildfire_bench.streaming.dead_letter_box import Replayed
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

DEADLINE_S = 30


async def refuse_two(settings: Settings) -> list[str]:
    """Send two images and refuse both; their ids, as they were refused."""
    async with KafkaDataProducer(settings=settings) as producer:
        for _ in range(2):
            await producer.send_satellite_image(os.urandom(1_000), {}, "s")
    consumer = SatelliteImageConsumer(
        group_id=f"{settings.topic_prefix}g", acknowledge="manual", settings=settings
    )
    refused = []
    async with asyncio.timeout(DEADLINE_S), consumer as images:
        async for image in images:
            await image.nack("clouds only")
            refused.append(image.image_id)
            if len(refused) == 2:
                break
    return refused


@pytest.fixture
def refused(user: Settings) -> list[str]:
    return asyncio.run(refuse_two(user))


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_what_was_refused_is_listed_shown_and_replayed_until_it_arrives(
    refused: list[str], capsys
) -> None:
    assert main(["dead-letters", "list", "--json"]) == 0
    letters = lines(capsys.readouterr().out)
    assert [each["image_id"] for each in letters] == refused
    assert {each["reason"] for each in letters} == {"clouds only"}

    assert main(["dead-letters", "list", "--max", "1"]) == 0
    assert capsys.readouterr().out.count("\n") == 1

    second = letters[1]
    assert main(["dead-letters", "show", second["place"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == second
    assert main(["dead-letters", "show", second["place"]]) == 0
    assert "reason:      clouds only" in capsys.readouterr().out

    assert main(["dead-letters", "replay", second["place"], "--json"]) == 0
    (replayed,) = lines(capsys.readouterr().out)
    assert (replayed["image_id"], len(replayed["records"])) == (refused[1], 1)
    assert main(["receive", "--out", "out", "--group", "other", "--max", "3", "--json"]) == 0
    received = lines(capsys.readouterr().out)
    assert sorted(each["image_id"] for each in received) == sorted([*refused, refused[1]])

    assert main(["dead-letters", "replay", "--all"]) == 0
    assert capsys.readouterr().err == "2 replayed\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "17"], "PARTITION/OFFSET"),
        (["show", "0/17"], "there is no dead letter 0/17"),
        (["replay"], "--all"),
        (["replay", "0/1", "--all"], "--all"),
        (["replay", "a/b"], "such as 0/17"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(user: Settings, capsys, arguments, told) -> None:
    assert main(["dead-letters", *arguments]) == 2
    printed = capsys.readouterr().err
    assert told in printed
    assert printed.count("\n") == 1


@pytest.mark.usefixtures("user")
def test_an_empty_list_says_so_beside_the_output(capsys) -> None:
    assert main(["dead-letters", "list"]) == 0
    assert capsys.readouterr() == ("", "no dead letters\n")


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("command", ["show", "replay"])
def test_a_dead_letter_that_never_was_is_told_with_the_way_to_the_others(command, capsys) -> None:
    assert main(["dead-letters", command, "0/17"]) == 2
    assert "there is no dead letter 0/17: see" in capsys.readouterr().err


def test_what_anybody_wrote_into_a_letter_does_not_reach_the_terminal_as_it_is(
    user: Settings, capsys
) -> None:
    hostile = DeadLetter("clouds\x1b[2Jonly", "Rejected", (), image_id="a\nb", time="now")
    put(user, topic_names(user).dead_letters, [RawRecord(b"k", hostile.encode(), ())])
    assert main(["dead-letters", "list"]) == 0
    assert capsys.readouterr().out == "0/0  now  Rejected  a\\nb  clouds\\x1b[2Jonly\n"
    assert main(["dead-letters", "show", "0/0"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_letter_that_cannot_be_replayed_does_not_stop_the_others(
    refused: list[str], user: Settings, capsys
) -> None:
    gone = RecordPlace(topic_names(user).binary, 0, 999)
    letters = [DeadLetter("forged", "Rejected", (place,)) for place in (gone,)]
    letters += [DeadLetter("forged", "Rejected", (RecordPlace("payroll", 0, 0),))]
    records = [RawRecord(b"k", letter.encode(), ()) for letter in letters]
    put(user, topic_names(user).dead_letters, records)
    assert main(["dead-letters", "replay", "0/2", "0/3", "0/0"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "0/0  1 records sent again\n"
    *why, summary = printed.err.splitlines()
    assert [line.split(": ")[1] for line in why] == ["0/2", "0/3"]
    assert summary == "1 replayed, 2 failed"


def test_a_replay_of_all_goes_on_from_portion_to_portion_past_one_that_fails(
    refused: list[str], user: Settings, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = DeadLetter("forged", "Rejected", (RecordPlace("payroll", 0, 0),))
    foreign = b"not a letter"
    values = [forged.encode(), foreign, foreign, forged.encode()]
    put(user, topic_names(user).dead_letters, [RawRecord(b"k", value, ()) for value in values])
    monkeypatch.setattr(dead_letter_box, "MAX_PORTION_LETTERS", 1)
    assert main(["dead-letters", "replay", "--all"]) == 2
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["0/0", "0/1"]
    assert printed.err.splitlines()[-1] == "2 replayed, 2 failed"


def test_a_replay_of_all_leaves_what_is_refused_anew_meanwhile(
    refused: list[str], user: Settings, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = dead_letter_box.replay

    async def replay_and_refuse(letter: DeadLetter, *, settings: Settings) -> Replayed:
        replayed = await replay(letter, settings=settings)
        again = RawRecord(b"k", letter.encode(), ())
        await asyncio.to_thread(put, settings, topic_names(settings).dead_letters, [again])
        return replayed

    monkeypatch.setattr(dead_letter_box, "MAX_PORTION_LETTERS", 1)
    monkeypatch.setattr(dead_letter_box, "replay", replay_and_refuse)
    assert main(["dead-letters", "replay", "--all"]) == 0
    assert capsys.readouterr().err == "2 replayed\n"
    assert len(list(dead_letter_box.dead_letters(user))) == 4
