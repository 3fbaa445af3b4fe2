"""A watched folder that is sent for ever: through outages too, each file once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from pathlib import Path
from typing import Final

from wildfire_bench.streaming.files.file_sending import FileOutcome, FileStatus, send_files
from wildfire_bench.streaming.files.file_watch import watch_folder
from wildfire_bench.streaming.files.sent_journal import SentJournal
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer

__all__ = ["FolderFeed"]

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 1.0
"""Before sending is tried again after the brokers did not answer; it doubles."""
MAX_PAUSE_S: Final = 30.0


class FolderFeed:
    """Sends what is and what comes into a folder.

    When the brokers do not answer, it waits and begins anew; what was acknowledged is in the
    journal and left out.

    Parameters
    ----------
    producer
        Started.
    folder
        Images with JSON side-cars, see `wildfire_bench.streaming.files.file_selection.metadata_of`.
    source_id
        Who took them.
    settle_s
        How long a file rests until it counts as complete.
    journal
        Where it is remembered what was sent; None forgets at the end.
    """

    def __init__(
        self,
        producer: KafkaDataProducer,
        folder: Path,
        *,
        source_id: str,
        settle_s: float,
        journal: Path | None,
    ) -> None:
        self._producer, self._folder = producer, folder
        self._source_id, self._settle_s, self._journal = source_id, settle_s, journal

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then finish the files on their way.

        Raises
        ------
        InputError
            If the folder or the journal cannot be used.
        """
        with contextlib.ExitStack() as stack:
            path = self._journal
            if path is None:
                kept = stack.enter_context(tempfile.TemporaryDirectory(prefix="wildfire-sent-"))
                path = Path(kept) / "sent.jsonl"
            journal = stack.enter_context(SentJournal(path))
            pause_s = FIRST_PAUSE_S
            while not stop.is_set():
                sent = await self._send(journal, stop)
                pause_s = FIRST_PAUSE_S if sent else min(2 * pause_s, MAX_PAUSE_S)
                if not stop.is_set():
                    log.warning("the brokers do not answer: sending again in %g s", pause_s)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), pause_s)

    async def _send(self, journal: SentJournal, stop: asyncio.Event) -> int:
        """Send until `stop` or until the brokers do not answer; returns how many were sent."""
        sent = 0
        ended = asyncio.Event()  # send_files sets it when further files would fail as well
        passing_on = asyncio.create_task(_pass_on(stop, ended))
        outcomes = send_files(
            self._producer,
            watch_folder(self._folder, settle_s=self._settle_s),
            source_id=self._source_id,
            journal=journal,
            stop=ended,
        )
        try:
            async with contextlib.aclosing(outcomes):
                async for outcome in outcomes:
                    sent += outcome.receipt is not None
                    _tell(outcome)
        finally:
            passing_on.cancel()
        return sent


async def _pass_on(stop: asyncio.Event, ended: asyncio.Event) -> None:
    await stop.wait()
    ended.set()


def _tell(outcome: FileOutcome) -> None:
    receipt = outcome.receipt
    if receipt is not None:
        about = {
            "wildfire.image_id": receipt.image_id,
            "wildfire.route": receipt.route.value,
            "wildfire.codec": receipt.codec,
            "wildfire.size_bytes": receipt.raw_bytes,
            "wildfire.encoded_bytes": receipt.encoded_bytes,
            "file.path": str(outcome.path),
        }
        log.info(
            "%s %s as %s: %s, %s, %d of %d bytes",
            "sent again" if outcome.status is FileStatus.SENT_AGAIN else "sent",
            *(outcome.path, receipt.image_id, receipt.route.value, receipt.codec),
            *(receipt.encoded_bytes, receipt.raw_bytes),
            extra=about,
        )
    elif outcome.error is not None:
        about = {"file.path": str(outcome.path), "error.type": type(outcome.error).__name__}
        log.error("not sent: %s: %s", outcome.path, outcome.error, extra=about)
    elif outcome.status is FileStatus.NOT_SENT:
        log.warning("not sent: %s: it stopped before", outcome.path)
