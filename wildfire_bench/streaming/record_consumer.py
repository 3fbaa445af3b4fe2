"""RecordConsumer: small records in batches, each verified to be what its lane carries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Literal, Self

from wildfire_bench.errors import InputError, NotRunning
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.connection import settings_for
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.receiving.consumer_config import check_membership
from wildfire_bench.streaming.receiving.inbox import Inbox
from wildfire_bench.streaming.records.record_batch import RecordBatch
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord
from wildfire_bench.streaming.records.record_intake import BatchLimits, InboundBatch
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS, lane_type
from wildfire_bench.streaming.records.record_thread import RecordThread
from wildfire_bench.streaming.sending.limits import require_topics
from wildfire_bench.streaming.start_stop import StartStop
from wildfire_bench.streaming.topics import topic_names

__all__ = ["RecordConsumer"]

log = logging.getLogger(__name__)

MAX_BATCH_RECORDS = 100_000
BATCH_BYTES = 8_000_000
"""JSON of one batch; weather fields reach it before they reach the number of records."""
_BY_LOOP = 2
"""One batch in the caller's hands and one that waits for it."""


class RecordConsumer(StartStop, AsyncIterator[RecordBatch]):
    """Receives small records in batches; use it as ``async with`` and ``async for``.

    A batch is what has arrived, up to its limits: a lone alert is not kept waiting for company.
    Each batch is acknowledged by the next turn of the loop. A batch whose turn does not end, by an
    exception or a ``break``, is not acknowledged and comes again. With ``acknowledge="manual"``
    each is acknowledged by hand, and up to ``kafka_consumer.max_unacknowledged`` may be worked on
    side by side. A record that is no JSON object goes to the dead letters and is passed over.

    Parameters
    ----------
    bootstrap_servers
        Brokers, ``host:port`` with commas; None for the settings'.
    group_id
        Consumer group; its members share the partitions.
    data_types
        Lanes to read: rows of the compression matrix or aliases; one or several.
    batch_records
        Most records of a batch. Its values have 8 MB of JSON at most, and one record more.
    acknowledge
        ``loop`` or ``manual``.
    check_schema
        Whether a record that breaks the schema of its data type goes to the dead letters too. Off,
        as a newer sender may know fields that this version does not.
    settings
        Everything else; None reads ``streaming_config.yaml`` and the environment.

    Raises
    ------
    InputError
        If the group has no name, or another argument cannot be one.
    """

    def __init__(
        self,
        bootstrap_servers: str | None = None,
        *,
        group_id: str,
        data_types: DataType | str | Iterable[DataType | str] = tuple(LANE_PLANS),
        batch_records: int = 500,
        acknowledge: Literal["loop", "manual"] = "loop",
        check_schema: bool = False,
        settings: Settings | None = None,
    ) -> None:
        if not 1 <= batch_records <= MAX_BATCH_RECORDS:
            msg = f"batch_records is {batch_records}: choose 1 to {MAX_BATCH_RECORDS:,}"
            raise InputError(msg)
        check_membership(group_id, acknowledge)
        self.settings = settings_for(bootstrap_servers, settings)
        self.group_id = group_id
        names = [data_types] if isinstance(data_types, str) else data_types
        self.data_types = tuple(dict.fromkeys(lane_type(each) for each in names))
        if not self.data_types:
            msg = f"data_types is empty: choose of {', '.join(LANE_PLANS)}"
            raise InputError(msg)
        self._by_loop = acknowledge == "loop"
        outstanding = _BY_LOOP if self._by_loop else self.settings.kafka_consumer.max_unacknowledged
        self._limits = BatchLimits(batch_records, BATCH_BYTES, outstanding)
        self._check_schema = check_schema
        self._thread: RecordThread | None = None
        self._inbox = Inbox[InboundBatch]()
        self._current: InboundBatch | None = None

    @property
    def joined(self) -> bool:
        """Whether it runs and the group has given it its partitions, be it none."""
        return self._thread is not None and self._thread.joined

    async def start(self) -> None:
        """Connect and join the group.

        Raises
        ------
        BrokerUnavailable
            If no broker answers.
        AccessDenied
            If the topic of a lane may not be described.
        TopicMissing
            If the topic of a lane does not exist.
        """
        if self._thread is not None:
            return
        loop = asyncio.get_running_loop()
        names = topic_names(self.settings)
        lanes = [names.lanes[each] for each in self.data_types]
        letters = [names.dead_letters]
        required = partial(require_topics, self.settings, read=lanes, write=letters)
        await loop.run_in_executor(None, required)
        self._inbox.open()
        self._thread = RecordThread(
            self.settings,
            self.group_id,
            self.data_types,
            self._limits,
            check_schema=self._check_schema,
            hand_over=self._inbox.put,
            failed=self._inbox.put,
        )
        self._thread.start()

    async def stop(self) -> None:
        """Commit what was acknowledged and leave the group; the rest comes again."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._current = None
        await asyncio.get_running_loop().run_in_executor(None, thread.stop)
        self._inbox.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RecordBatch:
        thread = self._running()
        current, self._current = self._current, None
        if self._by_loop and current is not None:
            thread.call(partial(thread.settle, current, (), None, _log_loss))
        found = await self._inbox.take()
        self._current = found
        return RecordBatch(tuple(found.received), partial(self._settle, found))

    def snapshots(self) -> Sequence[Snapshot]:
        """What was received and how it stands; see `observation.snapshots.Observable`."""
        return () if self._thread is None else self._thread.snapshots()

    async def _settle(
        self, batch: InboundBatch, refused: Sequence[ReceivedRecord], reason: str | None
    ) -> None:
        thread = self._running()
        settle = partial(thread.settle, batch, refused, reason)
        await self._inbox.answer(lambda settled: thread.call(partial(settle, settled)))

    def _running(self) -> RecordThread:
        if self._thread is None:
            msg = "the consumer is not running: call start(), or use `async with`"
            raise NotRunning(msg)
        return self._thread


def _log_loss(error: BaseException | None) -> None:
    """The loop cannot be told any more; the records come again."""
    if error is not None:
        log.warning("%s", error)
