"""What could not be handed over: images and small records, by reason and age."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from wildfire_bench.doctor.ages import age, counted
from wildfire_bench.doctor.check import Finding, check, ok, skipped, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.streaming.dead_letter_box import dead_letters
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.topics import topic_names

__all__ = ["MAX_LETTERS"]

MAX_LETTERS: Final = 10_000
"""Dead letters that are counted, from the oldest."""


@check("dead_letters.kept", "dead letters by reason and age", needs=("brokers.reachable",))
def kept(surroundings: Surroundings) -> Finding:
    """Count them."""
    settings = surroundings.settings
    if topic_names(settings).dead_letters not in surroundings.kafka.topics:
        return skipped("there is no topic for them", "wildfire-bench topics create")
    letters = list(islice(dead_letters(settings), MAX_LETTERS))
    if not letters:
        return ok("none")
    more = " or more" if len(letters) == MAX_LETTERS else ""
    return warn(
        f"{counted(len(letters), 'dead letter')}{more}, {_ages(letters, surroundings.clock())}",
        "wildfire-bench dead-letters list says why; docs/operations.md says what to do",
        *_by_error(letters),
        *_by_topic(letters),
    )


def _ages(letters: Sequence[DeadLetter], now_s: float) -> str:
    times = [at for letter in letters if (at := _time_of(letter)) is not None]
    if not times:
        return "of unknown age"
    oldest, newest = (age(max(now_s - at, 0)) for at in (min(times), max(times)))
    return f"{oldest} old" if oldest == newest else f"{newest} to {oldest} old"


def _time_of(letter: DeadLetter) -> float | None:
    try:
        return datetime.fromisoformat(letter.time).timestamp()
    except ValueError:
        return None


def _by_error(letters: Sequence[DeadLetter]) -> list[str]:
    counts = Counter(letter.error for letter in letters)
    return [f"{error}: {count:,}" for error, count in counts.most_common()]


def _by_topic(letters: Sequence[DeadLetter]) -> list[str]:
    counts = Counter(letter.places[0].topic for letter in letters if letter.places)
    return [f"from {topic}: {count:,}" for topic, count in counts.most_common()]
