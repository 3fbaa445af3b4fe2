"""The one thread that owns a member of a consumer group: how it starts, is spoken to, and ends.

It polls whatever the caller does, so that a slow caller never drops out of its group. Everything
that changes its state runs in it: others leave commands (`MemberThread.call`).
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

from confluent_kafka import Consumer, KafkaException

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.observation.receiving_tally import (
    DeadLetterSnapshot,
    PartitionsSnapshot,
)
from wildfire_bench.streaming.receiving.assignment import Assignment
from wildfire_bench.streaming.receiving.command_queue import CommandQueue
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.consumer_config import FETCH_QUEUE_BYTES, group_config
from wildfire_bench.streaming.receiving.consumer_errors import denied_to_group
from wildfire_bench.streaming.receiving.inbound import PartitionState
from wildfire_bench.streaming.receiving.settlement import Settlement

__all__ = ["MemberThread"]

log = logging.getLogger(__name__)


class MemberThread(ABC):
    """See the module; what is received, and what becomes of it, is said by those who derive.

    Parameters
    ----------
    settings, group_id
        Connection, limits and group.
    topics
        What is read.
    failed
        Called once with the error that ended the thread.
    name
        Of the thread.
    fetch_queue_bytes
        Records that librdkafka fetches ahead.
    """

    def __init__(
        self,
        settings: Settings,
        group_id: str,
        topics: Sequence[str],
        *,
        failed: Callable[[BaseException], None],
        name: str,
        fetch_queue_bytes: int = FETCH_QUEUE_BYTES,
    ) -> None:
        self.settings, self.group_id = settings, group_id
        self._topics, self._report_failure = topics, failed
        self._commands = CommandQueue()
        denied = partial(denied_to_group, settings, group_id)
        self._commits = CommitPump(denied)
        self._settlement = Settlement(settings, group_id, self._commits)
        self._assignment = Assignment(self._commits, self._dropped, denied)
        self._stopping = threading.Event()
        self._consumer = Consumer(
            {
                **group_config(settings, group_id),
                "queued.max.messages.kbytes": fetch_queue_bytes // 1024,
                "on_commit": self._commits.answered,
            }
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def partitions(self) -> dict[tuple[str, int], PartitionState]:
        """Those assigned now, by topic and number."""
        return self._assignment.partitions

    @property
    def joined(self) -> bool:
        """Whether the group has given it its partitions, be it none."""
        return self._assignment.joined and self._thread.is_alive()

    def start(self) -> None:
        """Subscribe and begin to poll."""
        self._consumer.subscribe(
            list(self._topics),
            on_assign=self._assignment.assigned,
            on_revoke=self._assignment.revoked,
            on_lost=self._assignment.lost,
        )
        self._thread.start()

    def stop(self) -> None:
        """Commit what was acknowledged, leave the group and end the thread; blocks."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def call(self, command: Callable[[], None]) -> None:
        """Run something in this thread, soon; from any thread."""
        self._commands.put(command)

    def partition_figures(self) -> PartitionsSnapshot:
        """How the partitions stand; from any thread."""
        return self._assignment.snapshot(self.group_id)

    def letter_figures(self) -> DeadLetterSnapshot:
        """What went to the dead letters; from any thread."""
        return self._settlement.letter_figures()

    @abstractmethod
    def _turn(self) -> None:
        """Do what is to be done now; over and over, until the end."""

    @abstractmethod
    def _dropped(self, state: PartitionState) -> None:
        """A partition is no longer ours: forget what of it is not with the caller."""

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            self._report_failure(error)
        finally:
            self._close()

    def _close(self) -> None:
        self._commands.finish()  # before the letters close: these may be refusals
        self._settlement.close()
        try:
            self._consumer.close()  # revokes, and so commits
        except (KafkaException, RuntimeError) as error:
            log.warning("consumer did not close cleanly: %s", error)
        for state in self.partitions.values():
            state.lost = True
        self._commands.end()
        self._settlement.answer_all()
