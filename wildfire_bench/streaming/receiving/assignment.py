"""Which partitions a consumer has, and what happens when a rebalance gives or takes some."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from wildfire_bench.errors import AccessDenied, BrokerUnavailable
from wildfire_bench.streaming.administration.rights import is_denial
from wildfire_bench.streaming.observation.receiving_tally import PartitionsSnapshot
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.last_commit import commit_last
from wildfire_bench.streaming.receiving.ledger import CommitNote

__all__ = ["Assignment"]

log = logging.getLogger(__name__)

COMMITTED_TIMEOUT_S: Final = 10.0
"""How long the coordinator may take to say where the group stands, each time it is asked."""
COMMITTED_TRIES: Final = 3


class Assignment:
    """The callbacks of a cooperative rebalance (KIP-429); librdkafka calls them from `poll`.

    Parameters
    ----------
    commits
        Told who waits in vain when a partition goes.
    dropped
        Called with each partition that goes, before its offsets are committed for the last time.
    denied
        Makes the error for a right that is missing, of the brokers' error and the topic.
    """

    def __init__(
        self,
        commits: CommitPump,
        dropped: Callable[[PartitionState], None],
        denied: Callable[[KafkaError, str | None], AccessDenied],
    ) -> None:
        self._commits, self._dropped, self._denied = commits, dropped, denied
        self.partitions: dict[tuple[str, int], PartitionState] = {}
        """Those assigned now, by topic and number."""
        self.joined = False
        """Whether the group has given it partitions, be it none."""

    def note_ends(self, consumer: Consumer) -> None:
        """Note how far each partition goes, as the last fetch told it; asks no broker."""
        for state in self.partitions.values():
            with contextlib.suppress(KafkaException):  # nothing was fetched of it yet
                _, end = consumer.get_watermark_offsets(TopicPartition(*state.scope), cached=True)
                state.end_offset = end if end >= 0 else None

    def snapshot(self, group_id: str) -> PartitionsSnapshot:
        """How the partitions stand; from any thread."""
        states = tuple(self.partitions.values())
        return PartitionsSnapshot(group_id, tuple(state.figures() for state in states))

    def assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take partitions over where the group stands, with what its notes say.

        Raises
        ------
        AccessDenied
            If one may not be read (any more).
        BrokerUnavailable
            If the coordinator does not say where that is: starting elsewhere would repeat images.
        """
        committed = self._committed(consumer, partitions)
        for found in committed:
            note = CommitNote.decode(found.metadata)
            position = found.offset if found.offset >= 0 else -1
            state = PartitionState(found.topic, found.partition, position, note)
            self.partitions[state.scope] = state
        consumer.incremental_assign(committed)
        consumer.resume(committed)  # one that was paused when it went comes back paused
        self.joined = True
        log.info("took over %s", _names(partitions))

    def revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Give partitions up, after a last commit of what was acknowledged."""
        states = self._drop(partitions)
        stored = commit_last(consumer, states)
        self._commits.leave(stored, committed=True)
        self._commits.leave(set(states) - stored, committed=False)
        consumer.incremental_unassign(partitions)
        log.info("gave up %s", _names(partitions))

    def lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Note that partitions went to others already: nothing can be committed any more."""
        self._commits.leave(self._drop(partitions), committed=False)
        consumer.incremental_unassign(partitions)
        log.warning("lost %s: images that were not committed come again", _names(partitions))

    def _committed(
        self, consumer: Consumer, partitions: list[TopicPartition]
    ) -> list[TopicPartition]:
        """Where the group stands, with its notes."""
        problem: KafkaError | None = None
        for _ in range(COMMITTED_TRIES):
            try:
                found: list[TopicPartition] = consumer.committed(
                    partitions, timeout=COMMITTED_TIMEOUT_S
                )
            except KafkaException as error:
                problem, topic = error.args[0], None
            else:
                refused = next((each for each in found if each.error), None)
                if refused is None:
                    return found
                problem, topic = refused.error, refused.topic
            if problem is not None and is_denial(problem):
                raise self._denied(problem, topic)
        msg = f"the group coordinator does not say where the group stands ({problem}): start again"
        raise BrokerUnavailable(msg)

    def _drop(self, partitions: list[TopicPartition]) -> list[PartitionState]:
        scopes = [(found.topic, found.partition) for found in partitions]
        states = [self.partitions.pop(scope) for scope in scopes if scope in self.partitions]
        for state in states:
            state.lost = True
            self._dropped(state)
        return states


def _names(partitions: Sequence[TopicPartition]) -> str:
    return ", ".join(f"{found.topic}/{found.partition}" for found in partitions) or "nothing"
