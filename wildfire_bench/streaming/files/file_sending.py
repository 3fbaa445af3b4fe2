"""Image files into Kafka: several at a time, bounded in bytes, each with its outcome."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from wildfire_bench.errors import (
    BrokerUnavailable,
    DeliveryTimeout,
    InputError,
    WildfireBenchError,
)
from wildfire_bench.streaming.files.file_selection import metadata_of
from wildfire_bench.streaming.files.file_watch import FileState, file_state
from wildfire_bench.streaming.files.sent_files import Acknowledged, SentFile, SentFiles, target_of
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.model import Receipt

__all__ = ["MAX_PARALLEL_SENDS", "FileOutcome", "FileStatus", "send_files"]

log = logging.getLogger(__name__)

MAX_PARALLEL_SENDS: Final = 8
"""Files that may be on their way at a time, however small."""
_BECAME_ANOTHER: Final = (
    "%s was sent as %s; its metadata gives another time now, so it was sent as another image, %s: "
    "receivers have both. Put the JSON with the time beside an image before it is sent"
)


class FileStatus(StrEnum):
    """What became of a file."""

    SENT = "sent"
    SENT_AGAIN = "sent_again"
    """Its metadata changed: those who have the image get it once more, with what is said now."""
    ALREADY_SENT = "already_sent"
    """The journal has it, or it was sent before in this run."""
    FAILED = "failed"
    NOT_SENT = "not_sent"
    """Sending ended before its turn."""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: Path
    status: FileStatus
    size_bytes: int = 0
    receipt: Receipt | None = None
    error: WildfireBenchError | None = None


async def send_files(
    producer: KafkaDataProducer,
    paths: Sequence[Path] | AsyncIterator[Path],
    *,
    source_id: str = "unknown",
    metadata: Mapping[str, Any] | None = None,
    journal: SentFiles | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[FileOutcome]:
    """Send files, and give each one's outcome as soon as it is known.

    Files on their way at a time hold at most ``kafka_producer.max_in_flight_bytes`` together, or
    one larger file alone. A file that cannot be sent does not stop the others, unless the brokers
    do not answer any more.

    A file that was sent before and has other metadata now is sent as another delivery of the same
    image (`wildfire_bench.streaming.model.Renewal`). If the metadata gives another time, it is
    another image by its id, and a warning says so.

    Parameters
    ----------
    producer
        Started.
    paths
        Which; an iterator may go on for ever, such as that of `watch_folder`.
    source_id
        Who took the images.
    metadata
        Of all of them; JSON beside a file goes before it, see `metadata_of`.
    journal
        Files that it has are left out; what is acknowledged is noted there. None remembers it for
        this run.
    stop
        When set, no further file is begun; those on their way are finished, and the rest of a
        sequence is given as not sent.

    Yields
    ------
    FileOutcome
        In the order of completion.
    """
    sent = SentFiles() if journal is None else journal
    sending = _Sending(producer, source_id, dict(metadata or {}), sent, stop or asyncio.Event())
    running = asyncio.create_task(sending.run(paths))
    try:
        while (outcome := await sending.outcomes.get()) is not None:
            yield outcome
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class _Sending:
    """Files on their way."""

    def __init__(
        self,
        producer: KafkaDataProducer,
        source_id: str,
        metadata: dict[str, Any],
        sent: SentFiles,
        stop: asyncio.Event,
    ) -> None:
        self._producer, self._source_id = producer, source_id
        self._metadata, self._sent, self._stop = metadata, sent, stop
        self._target = target_of(producer.settings)
        self._max_bytes = producer.settings.kafka_producer.max_in_flight_bytes
        self._under_way: dict[asyncio.Task[None], tuple[Path, int]] = {}
        self._failure: Exception | None = None
        self.outcomes: asyncio.Queue[FileOutcome | None] = asyncio.Queue(MAX_PARALLEL_SENDS)
        """Ends with None."""

    async def run(self, paths: Sequence[Path] | AsyncIterator[Path]) -> None:
        """Send all of them; ends when every one has its outcome."""
        stopped = asyncio.create_task(self._stop.wait())
        each = _each(paths, stopped)
        try:
            async for path in each:
                await self._begin(path, stopped)
            await asyncio.gather(*self._under_way)
            if self._failure is not None:
                raise self._failure
        except Exception:
            await self.outcomes.put(None)
            raise
        else:
            await self.outcomes.put(None)
        finally:
            await each.aclose()
            for task in (stopped, *self._under_way):
                task.cancel()
            await asyncio.gather(stopped, *self._under_way, return_exceptions=True)

    async def _begin(self, path: Path, stopped: asyncio.Task[Any]) -> None:
        """Send a file as soon as there is room for it."""
        state = file_state(path)
        if state is None:
            error = InputError(f"image file {path} cannot be read: it is gone")
            await self.outcomes.put(FileOutcome(path, FileStatus.FAILED, error=error))
            return
        while not (stopped.done() or self._fits(path, state.size_bytes)):
            await asyncio.wait({stopped, *self._under_way}, return_when=asyncio.FIRST_COMPLETED)
        if self._stop.is_set():
            await self.outcomes.put(FileOutcome(path, FileStatus.NOT_SENT, state.size_bytes))
            return
        task = asyncio.create_task(self._send(path, state))
        self._under_way[task] = path, state.size_bytes
        task.add_done_callback(self._under_way.pop)

    def _fits(self, path: Path, size_bytes: int) -> bool:
        """Whether it may be begun; a file that comes again waits for its own earlier send."""
        others = self._under_way.values()
        if len(others) >= MAX_PARALLEL_SENDS or any(path == other for other, _ in others):
            return False
        return not others or sum(size for _, size in others) + size_bytes <= self._max_bytes

    async def _send(self, path: Path, state: FileState) -> None:
        try:
            outcome = await self._outcome_of(path, state)
        except WildfireBenchError as error:
            outcome = FileOutcome(path, FileStatus.FAILED, state.size_bytes, error=error)
            if isinstance(error, BrokerUnavailable | DeliveryTimeout):
                self._stop.set()  # each further file would wait as long, to no avail
        except Exception as error:  # noqa: BLE001 - raised by `run`: no file is without an outcome
            self._failure = error
            self._stop.set()
            return
        await self.outcomes.put(outcome)

    async def _outcome_of(self, path: Path, state: FileState) -> FileOutcome:
        metadata = await asyncio.to_thread(metadata_of, path, self._metadata)
        file = SentFile.of(path, state, self._source_id, metadata, self._target)
        if file in self._sent:
            return FileOutcome(path, FileStatus.ALREADY_SENT, state.size_bytes)
        before = self._sent.latest(file)
        renewal = None if before is None else before.renewal_for(file)
        receipt = await self._producer.send_satellite_image(
            path, metadata, self._source_id, renewal=renewal
        )
        status, token = FileStatus.SENT, None
        if before is not None and before.image_id == receipt.image_id:
            token = before.token
            if renewal is not None:
                status, token = FileStatus.SENT_AGAIN, renewal.token
        elif before is not None and file.differs_in_metadata_alone(before.file):
            log.warning(_BECAME_ANOTHER, path, before.image_id, receipt.image_id)
        acknowledged = Acknowledged(file, receipt.image_id, token)
        await asyncio.to_thread(self._sent.add, acknowledged)
        return FileOutcome(path, status, state.size_bytes, receipt)


async def _each(
    paths: Sequence[Path] | AsyncIterator[Path], stopped: asyncio.Task[Any]
) -> AsyncGenerator[Path]:
    """All of a sequence, so that each gets an outcome; of an iterator what comes until the stop."""
    if isinstance(paths, Sequence):
        for path in paths:
            yield path
        return
    while not stopped.done():
        upcoming = asyncio.ensure_future(anext(paths, None))
        try:
            await asyncio.wait({upcoming, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not upcoming.done():
                upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({upcoming})
        found = None if upcoming.cancelled() else upcoming.result()
        if found is None:
            return
        yield found
