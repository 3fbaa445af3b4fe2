"""SatelliteImageConsumer: every route in one loop, each image verified before it is handed over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Literal, Self

from wildfire_bench.errors import AcknowledgementLost, NotRunning, WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import settings_for
from wildfire_bench.streaming.observation.snapshots import Snapshot
from wildfire_bench.streaming.receiving.assembly import ReassemblyState
from wildfire_bench.streaming.receiving.consumer_config import check_membership
from wildfire_bench.streaming.receiving.consumer_snapshots import snapshots_of
from wildfire_bench.streaming.receiving.consumer_thread import ConsumerThread
from wildfire_bench.streaming.receiving.inbound import InboundImage
from wildfire_bench.streaming.receiving.inbox import Inbox
from wildfire_bench.streaming.receiving.reassembly import ReassemblyStatus
from wildfire_bench.streaming.receiving.reference_fetch import ReferenceFetch
from wildfire_bench.streaming.satellite_image import SatelliteImage
from wildfire_bench.streaming.sending.limits import require_topics
from wildfire_bench.streaming.stac.item import CatalogueEntry
from wildfire_bench.streaming.start_stop import StartStop
from wildfire_bench.streaming.topics import topic_names

__all__ = ["SatelliteImageConsumer"]

log = logging.getLogger(__name__)


class SatelliteImageConsumer(StartStop, AsyncIterator[SatelliteImage]):
    """Receives images of every route; use it as ``async with`` and ``async for``.

    Each image is acknowledged by the next turn of the loop. An image whose turn does not end, by
    an exception or a ``break``, is not acknowledged and comes again; so a program that leaves the
    loop on purpose calls ``await image.ack()`` first. With ``acknowledge="manual"`` every image is
    acknowledged by hand, and up to ``max_unacknowledged`` may be worked on side by side.

    Parameters
    ----------
    bootstrap_servers
        Brokers, ``host:port`` with commas; None for the settings'.
    group_id
        Consumer group; its members share the partitions.
    acknowledge
        ``loop`` or ``manual``.
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
        acknowledge: Literal["loop", "manual"] = "loop",
        settings: Settings | None = None,
    ) -> None:
        check_membership(group_id, acknowledge)
        self.settings = settings_for(bootstrap_servers, settings)
        self.group_id = group_id
        self.acknowledge = acknowledge
        self._thread: ConsumerThread | None = None
        self._fetch: ReferenceFetch | None = None
        self._inbox = Inbox[InboundImage]()
        self._current: InboundImage | None = None

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
            If an image topic may not be described.
        TopicMissing
            If an image topic does not exist.
        """
        if self._thread is not None:
            return
        loop = asyncio.get_running_loop()
        images = topic_names(self.settings).images
        await loop.run_in_executor(None, partial(require_topics, self.settings, read=images))
        self._inbox.open()
        thread = ConsumerThread(
            self.settings,
            self.group_id,
            hand_over=self._inbox.put,
            failed=self._inbox.put,
            download=partial(self._inbox.do, self._download),
        )
        self._fetch = ReferenceFetch(self.settings, thread)
        await self._fetch.start()
        self._thread = thread
        thread.start()
        log.info("Image chunk manager initialized")

    async def stop(self) -> None:
        """Commit what was acknowledged and leave the group; the rest comes again."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._current = None
        if self._fetch is not None:
            await self._fetch.stop()
        await asyncio.get_running_loop().run_in_executor(None, thread.stop)
        self._inbox.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SatelliteImage:
        thread = self._running()
        current, self._current = self._current, None
        if self.acknowledge == "loop" and current is not None:
            thread.call(partial(thread.settle, current, None, _log_loss))
        found = await self._inbox.take()
        while found.gone:
            found = await self._inbox.take()
        self._current = found
        return self._image(thread, found)

    def status(self, max_images: int | None = None) -> ReassemblyStatus:
        """Images that are being put together; with `max_images` only so many are listed."""
        thread = self._running()
        return thread.intake.reassembly.status(thread.partition_clock(), max_images)

    def find(self, image_id: str) -> tuple[ReassemblyState, ...]:
        """How far one image is: empty when it is not being put together."""
        thread = self._running()
        return thread.intake.reassembly.find(image_id, thread.partition_clock())

    def snapshots(self) -> Sequence[Snapshot]:
        """What was received and how it stands; see `observation.snapshots.Observable`."""
        thread, fetch = self._thread, self._fetch
        if thread is None:
            return ()
        store = None if fetch is None or fetch.store is None else fetch.store.snapshot("consumer")
        return (*snapshots_of(thread), *(() if store is None else (store,)))

    def _image(self, thread: ConsumerThread, found: InboundImage) -> SatelliteImage:
        data = found.data
        if data is None:
            msg = "an image was handed over without its bytes"
            raise NotRunning(msg)
        if found.verified_s is not None:
            hand_over_s = time.perf_counter() - found.verified_s
            found.seconds["hand_over"] = hand_over_s
            thread.intake.tally.in_hands(hand_over_s)
        return SatelliteImage(
            data=data,
            metadata=found.metadata,
            identity=found.envelope.identity,
            route=found.route,
            codec=found.envelope.codec,
            places=tuple(found.places),
            redelivered=found.redelivered,
            seconds=found.seconds,
            settle=partial(self._settle, found),
        )

    async def _settle(self, image: InboundImage, refusal: str | None) -> None:
        thread = self._running()
        settle = partial(thread.settle, image, refusal)
        await self._inbox.answer(lambda settled: thread.call(partial(settle, settled)))

    def _download(self, image: InboundImage, entry: CatalogueEntry) -> None:
        if self._fetch is not None:
            self._fetch.begin(image, entry)

    def _running(self) -> ConsumerThread:
        if self._thread is None:
            msg = "the consumer is not running: call start(), or use `async with`"
            raise NotRunning(msg)
        return self._thread


def _log_loss(error: BaseException | None) -> None:
    """The loop cannot be told any more; the image comes again, marked."""
    if isinstance(error, AcknowledgementLost):
        log.warning("%s", error)
    elif isinstance(error, WildfireBenchError):
        log.error("%s", error)
