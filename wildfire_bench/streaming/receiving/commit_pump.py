"""Commits of safe offsets: one at a time, as often as there is something new."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from wildfire_bench.errors import AccessDenied, TopicMissing
from wildfire_bench.streaming.administration.rights import is_denial
from wildfire_bench.streaming.receiving.ledger import PartitionLedger

__all__ = ["CommitPump", "Committable", "offsets_of"]

log = logging.getLogger(__name__)

RETRY_AFTER_S = 0.1
TOPIC_GONE_S = 10.0
"""How long the brokers may deny knowing a topic before that is believed."""


class Committable(Protocol):
    """An assigned partition whose safe offset is committed."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def partition(self) -> int:
        """Its number."""

    @property
    def ledger(self) -> PartitionLedger:
        """What of it is done."""

    @property
    def lost(self) -> bool:
        """Whether it went to another consumer."""


_Waiter: TypeAlias = tuple[Committable, Callable[[bool], None]]


class CommitPump:
    """Belongs to the consumer's thread; the answers come in its `poll`.

    What changes while a commit is under way goes with the next one, so that a fast consumer
    commits as often as the broker answers and not once an image.

    The client says of a commit as a whole that it was refused when one of its topics was deleted.
    Topics are then committed one by one, so that the others go on.

    Parameters
    ----------
    denied
        Makes the error for a right that is missing, of the brokers' error and the topic.
    """

    def __init__(self, denied: Callable[[KafkaError, str | None], AccessDenied]) -> None:
        self._denied = denied
        self._end: AccessDenied | TopicMissing | None = None
        self._told: int | None = None
        self._suspects: set[str] = set()
        self._unknown_since: dict[str, float] = {}
        self._last_topic = ""
        self._dirty: set[Committable] = set()
        self._waiting: list[_Waiter] = []
        self._in_flight: list[_Waiter] | None = None
        self._in_flight_states: tuple[Committable, ...] = ()
        self._not_before = 0.0

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._in_flight is not None or bool(self._dirty)

    def touch(self, state: Committable, committed: Callable[[bool], None] | None = None) -> None:
        """Note that a partition has something new.

        `committed` is called with True once that is stored, with False if the partition was lost
        before.
        """
        self._dirty.add(state)
        if committed is not None:
            self._waiting.append((state, committed))

    def pump(self, consumer: Consumer) -> None:
        """Start a commit if there is need and none is under way.

        Raises
        ------
        AccessDenied, TopicMissing
            If the brokers denied the last one, or have no such topic any more: no trying cures
            that, and what is not committed comes again.
        """
        if self._end is not None:
            raise self._end
        if self._in_flight is not None or not self._dirty or time.monotonic() < self._not_before:
            return
        self._dirty = {state for state in self._dirty if not state.lost}
        states = self._of_one_topic() if self._suspects else tuple(self._dirty)
        self._dirty.difference_update(states)
        waiters, self._waiting, self._in_flight = self._waiting, [], []
        for each in waiters:
            goes = each[0] in states or each[0].lost
            (self._in_flight if goes else self._waiting).append(each)
        self._in_flight_states = states
        offsets = offsets_of(states)
        if not offsets:
            self.answered(None, [])
            return
        try:
            consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._failed(error.args[0])

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """The consumer's ``on_commit`` callback."""
        if self._in_flight is None:
            return
        refused = next((found for found in partitions if found.error), None)
        if refused is not None and refused.error is not None:
            self._failed(refused.error, refused.topic)
            return
        if error is not None:
            self._failed(error)
            return
        for state in self._in_flight_states:
            self._suspects.discard(state.topic)
            self._unknown_since.pop(state.topic, None)
        if not self._suspects:
            self._told = None
        waiters, self._in_flight = self._in_flight, None
        for state, committed in waiters:
            committed(state in self._in_flight_states)

    def leave(self, states: Iterable[Committable], *, committed: bool) -> None:
        """Answer those who wait for partitions that were given up.

        What their last commit stored is stored, also where one that is under way is refused after
        it: who waits for that one must not be told that an image comes again, which never does.
        """
        left = set(states)
        waiting, self._waiting = self._waiting, []
        under_way = self._in_flight or []
        answered = [waiter for waiter in waiting if waiter[0] in left]
        self._waiting = [waiter for waiter in waiting if waiter[0] not in left]
        if committed:
            answered += [waiter for waiter in under_way if waiter[0] in left]
            under_way[:] = [waiter for waiter in under_way if waiter[0] not in left]
        self._dirty -= left
        for _, tell in answered:
            tell(committed)

    def _of_one_topic(self) -> tuple[Committable, ...]:
        """What is new in the topic whose turn it is."""
        topics = sorted({state.topic for state in self._dirty})
        later = [topic for topic in topics if topic > self._last_topic]
        self._last_topic = next(iter(later or topics), "")
        return tuple(state for state in self._dirty if state.topic == self._last_topic)

    def _failed(self, error: KafkaError, topic: str | None = None) -> None:
        """Try again: the state is still ours, or a rebalance is about to take it.

        What no trying cures is raised by `pump`, where the consumer's thread ends.
        """
        if is_denial(error):
            self._end = self._denied(error, topic)
        elif error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._note_unknown({state.topic for state in self._in_flight_states})
        if error.code() != self._told and self._end is None:
            self._told = error.code()
            log.warning("offsets could not be committed, trying again: %s", error.str())
        waiters, self._in_flight = self._in_flight or [], None
        self._waiting = waiters + self._waiting
        self._dirty.update(self._in_flight_states)
        self._not_before = time.monotonic() + RETRY_AFTER_S

    def _note_unknown(self, topics: set[str]) -> None:
        self._suspects |= topics
        if len(topics) != 1:
            return  # which of them, the next ones tell
        (topic,) = topics
        now_s = time.monotonic()
        if now_s - self._unknown_since.setdefault(topic, now_s) > TOPIC_GONE_S:
            msg = (
                f"topic {topic} was deleted while it was read: make it again with "
                "`wildfire-bench topics create`, then start again"
            )
            self._end = TopicMissing(msg)


def offsets_of(states: Iterable[Committable]) -> list[TopicPartition]:
    """Safe offsets with their notes, ready to commit."""
    return [
        TopicPartition(
            state.topic,
            state.partition,
            state.ledger.safe_offset,
            metadata=state.ledger.note().encode(),
        )
        for state in states
        if state.ledger.safe_offset >= 0
    ]
