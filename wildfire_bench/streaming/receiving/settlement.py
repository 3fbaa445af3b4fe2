"""How what was received ends: acknowledged or refused, committed, and the asker answered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol, TypeAlias

from wildfire_bench.errors import AcknowledgementLost
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letters import DeadLetter, DeadLetterWriter
from wildfire_bench.streaming.observation.receiving_tally import DeadLetterSnapshot
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.topics import topic_names

__all__ = ["Settleable", "Settled", "Settlement"]

_CLOSE_TIMEOUT_S = 10.0

Settled: TypeAlias = Callable[[BaseException | None], None]
"""Called with None once it is committed, or with the error."""


class Settleable(Protocol):
    """What is in the caller's hands until it is acknowledged or refused."""

    @property
    def partitions(self) -> Collection[PartitionState]:
        """Where its records lie."""

    def note_done(self) -> None:
        """Tell the ledgers of its partitions that its offsets are needed no more."""

    def lost_error(self) -> AcknowledgementLost:
        """Say that a partition went before it was settled."""


class Settlement:
    """Belongs to the consumer's thread.

    Parameters
    ----------
    settings, group_id
        Connection, the topic of the dead letters, and whose they are.
    commits
        Commits what is done.
    """

    def __init__(self, settings: Settings, group_id: str, commits: CommitPump) -> None:
        self._group_id, self._commits = group_id, commits
        self._letters = DeadLetterWriter(settings.kafka, topic_names(settings).dead_letters)
        self._unanswered: set[tuple[Settleable, Settled]] = set()

    @property
    def unwritten_letters(self) -> int:
        """Dead letters that are not acknowledged yet."""
        return self._letters.unwritten

    def settle(self, found: Settleable, letter: DeadLetter | None, settled: Settled) -> None:
        """Commit that something is done, or with a letter that it is refused once that is written.

        `settled` is called, once, for all its partitions together.
        """
        asked = (found, settled)
        self._unanswered.add(asked)

        def answered(error: BaseException | None) -> None:
            self._unanswered.discard(asked)
            settled(error)

        if letter is None:
            self._commit(found, answered)
        else:
            self._letters.write(letter, partial(self._commit, found, answered))

    def refuse(self, state: PartitionState, letter: DeadLetter, held: object = None) -> None:
        """Write a letter of what cannot be handed over.

        Until that is acknowledged the offsets stay uncommitted: those that `held` holds in the
        ledger, or else that of the first record.
        """
        token = held
        if token is None:
            token = object()
            state.ledger.hold(token, letter.places[0].offset)

        def written() -> None:
            state.ledger.release(token)
            self._commits.touch(state)

        self._letters.write(letter, written)

    def poll(self) -> None:
        """Serve what came of letters.

        Raises
        ------
        AccessDenied, TransportError
            If they cannot be written, whatever is tried.
        """
        self._letters.poll()

    def letter_figures(self) -> DeadLetterSnapshot:
        """What went to the dead letters; from any thread."""
        return self._letters.snapshot(self._group_id)

    def close(self) -> None:
        """Wait for letters that are under way, for a bounded time."""
        self._letters.close(_CLOSE_TIMEOUT_S)

    def answer_all(self) -> None:
        """Tell those who still wait that nothing more is committed."""
        waiting, self._unanswered = self._unanswered, set()
        for found, settled in waiting:
            settled(found.lost_error())

    def _commit(self, found: Settleable, settled: Settled) -> None:
        partitions = tuple(found.partitions)
        answers: list[bool] = []

        def committed(stored: bool) -> None:
            answers.append(stored)
            if len(answers) == len(partitions):
                settled(None if all(answers) else found.lost_error())

        found.note_done()
        for state in partitions:
            self._commits.touch(state, committed)
        self._commits.leave([state for state in partitions if state.lost], committed=False)
