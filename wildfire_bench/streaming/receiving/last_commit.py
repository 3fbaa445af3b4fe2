"""The last commit of partitions that are given up, and which of them it stored."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from itertools import groupby
from operator import attrgetter
from typing import Final

from confluent_kafka import Consumer, KafkaException

from wildfire_bench.streaming.receiving.commit_pump import Committable, offsets_of

__all__ = ["LAST_COMMIT_S", "commit_last"]

log = logging.getLogger(__name__)

LAST_COMMIT_S: Final = 5.0
"""How long after its beginning a commit of one topic more is begun."""


def commit_last(consumer: Consumer, states: Collection[Committable]) -> frozenset[Committable]:
    """Commit what is safe of some partitions, and wait for the answers.

    Where one topic is refused, as one that was deleted, the client says so of the whole commit,
    whatever the brokers stored. Then each topic is committed once more, by itself.

    Returns
    -------
    frozenset of Committable
        Those of which the brokers have all now. Of the others, what was done since their last
        commit comes again.
    """
    deadline = time.monotonic() + LAST_COMMIT_S
    if _stored(consumer, states):
        return frozenset(states)
    kept: set[Committable] = set()
    by_topic = attrgetter("topic")
    for topic, group in groupby(sorted(states, key=by_topic), by_topic):
        of_topic = tuple(group)
        if time.monotonic() < deadline and _stored(consumer, of_topic):
            kept.update(of_topic)
        else:
            log.warning("%s: offsets could not be committed while leaving", topic)
    return frozenset(kept)


def _stored(consumer: Consumer, states: Collection[Committable]) -> bool:
    """Whether brokers have the offsets now; of nothing they have all."""
    offsets = offsets_of(states)
    if not offsets:
        return True
    try:
        answers = consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException as error:
        log.info("commit while leaving refused: %s", error)
        return False
    return all(answer.error is None for answer in answers)
