"""The service: producer, consumers of images and records, and the status API in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wildfire_bench.monitoring.api import create_api
from wildfire_bench.monitoring.exporter import MetricsExporter
from wildfire_bench.monitoring.folder_feed import FolderFeed
from wildfire_bench.monitoring.http_server import HttpServer
from wildfire_bench.monitoring.readiness import BrokerCheck
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.files.file_receiving import receive_files
from wildfire_bench.streaming.files.file_watch import SETTLE_S
from wildfire_bench.streaming.files.image_folder import ImageFolder
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.record_consumer import RecordConsumer
from wildfire_bench.streaming.satellite_image import SatelliteImage
from wildfire_bench.streaming.topics import topic_specs

__all__ = ["DEFAULT_GROUP", "Service", "ServicePlan"]

log = logging.getLogger(__name__)

DEFAULT_GROUP: Final = "wildfire-data-ingestion"
RECORDS_SUFFIX: Final = "-records"
STATISTICS_INTERVAL_MS: Final = 5_000
"""How often librdkafka tells what it has transmitted."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What the service is to do."""

    group_id: str = DEFAULT_GROUP
    """Group of the images."""
    watched: Path | None = None
    """Folder whose new files are sent; None sends nothing."""
    source_id: str = "unknown"
    settle_s: float = SETTLE_S
    journal: Path | None = None
    """File that remembers over restarts what was sent; None forgets at the end."""
    out: Path | None = None
    """Folder for what is received; None verifies images and acknowledges them."""
    create_topics: bool = False

    @property
    def records_group_id(self) -> str:
        """Group of the small records, apart: who joins or leaves a group disturbs all in it."""
        return f"{self.group_id}{RECORDS_SUFFIX}"


class Service:
    """Runs until it is asked to stop, or until a part of it fails.

    Images and records that it receives belong to two consumer groups of its own, so that nobody
    else misses them.

    Parameters
    ----------
    settings, plan
        How and what.
    """

    def __init__(self, settings: Settings, plan: ServicePlan) -> None:
        self._settings, self._plan = settings, plan
        self._producer = KafkaDataProducer(
            settings=settings, client_options={"statistics.interval.ms": STATISTICS_INTERVAL_MS}
        )
        self._images = SatelliteImageConsumer(
            group_id=plan.group_id,
            acknowledge="loop" if plan.out is None else "manual",
            settings=settings,
        )
        self._records = RecordConsumer(group_id=plan.records_group_id, settings=settings)
        self._brokers = BrokerCheck(settings)
        self._exporter = MetricsExporter((self._producer, self._images, self._records))
        api = create_api(
            self._images, self._exporter, ready=self.checks, token=settings.service.token
        )
        self.server = HttpServer(api, settings.service)
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Start all parts, work until `stop` is set, then finish what is begun.

        Ends within ``service.stop_timeout_s`` of `stop`, and then some seconds for closing.

        Raises
        ------
        AddressUnavailable
            If the status API cannot listen.
        BrokerUnavailable, TopicMissing
            If a part cannot start.
        WildfireBenchError
            Whatever ends a part while it runs.
        """
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.server)
            if self._plan.create_topics:
                await asyncio.to_thread(self._create_topics)
            await self._brokers.start()
            for part in (self._producer, self._images, self._records):
                await stack.enter_async_context(part)
            await self._work(stop)

    async def checks(self) -> Mapping[str, bool]:
        """What readiness hangs on, by name."""
        return {
            "running": not self._stopping,
            "brokers": await self._brokers.answers(),
            "producer": self._producer.running,
            "images": self._images.joined,
            "records": self._records.joined,
        }

    async def _work(self, stop: asyncio.Event) -> None:
        """Run all jobs until one ends or `stop` is set."""
        finishing = self._jobs_that_finish(stop)
        endless = [
            asyncio.create_task(self._records_job()),
            asyncio.create_task(self.server.wait_for_failure()),
        ]
        if self._plan.out is None:
            endless.append(asyncio.create_task(self._verifying_job()))
        stopped = asyncio.create_task(stop.wait())
        jobs = (*finishing, *endless)
        try:
            log.info("Running: %s", _words(self._plan))
            await asyncio.wait({*jobs, stopped}, return_when=asyncio.FIRST_COMPLETED)
            self._stopping = True
            stop.set()
            log.info("Stopping: what is begun is finished first")
            await self._finish(finishing)
        finally:
            for task in (*jobs, stopped):
                task.cancel()
            results = await asyncio.gather(*jobs, return_exceptions=True)
        failures = [result for result in results if isinstance(result, Exception)]
        for further in failures[1:]:
            log.error("failed as well: %s", further)
        if failures:
            raise failures[0]

    async def _finish(self, jobs: Sequence[asyncio.Task[None]]) -> None:
        if not jobs:
            return
        timeout_s = self._settings.service.stop_timeout_s
        _, late = await asyncio.wait(jobs, timeout=timeout_s)
        if late:
            log.warning(
                "not finished within %g s: files that were not acknowledged are to be sent again, "
                "images come again",
                timeout_s,
            )

    def _jobs_that_finish(self, stop: asyncio.Event) -> list[asyncio.Task[None]]:
        """Those that end by themselves once `stop` is set."""
        jobs = []
        if self._plan.watched is not None:
            feed = FolderFeed(
                self._producer,
                self._plan.watched,
                source_id=self._plan.source_id,
                settle_s=self._plan.settle_s,
                journal=self._plan.journal,
            )
            jobs.append(asyncio.create_task(feed.run(stop)))
        if self._plan.out is not None:
            jobs.append(asyncio.create_task(self._storing_job(self._plan.out, stop)))
        return jobs

    async def _storing_job(self, out: Path, stop: asyncio.Event) -> None:
        """Put images on the disk and acknowledge them then."""
        folder = await asyncio.to_thread(ImageFolder, out)
        received = receive_files(self._images, folder, stop=stop)
        async with contextlib.aclosing(received):
            async for each in received:
                self._tell(each.image, each.stored.path)

    async def _verifying_job(self) -> None:
        """Acknowledge images: each was verified byte for byte before it was handed over."""
        async for image in self._images:
            self._tell(image)

    async def _records_job(self) -> None:
        """Acknowledge small records, each verified to be what its lane carries."""
        async for batch in self._records:
            log.debug("received %d small records", len(batch))

    def _tell(self, image: SatelliteImage, path: Path | None = None) -> None:
        """One line for each image: where files are sent too, that is the line of its sending."""
        level = logging.INFO if self._plan.watched is None else logging.DEBUG
        about = {
            "wildfire.image_id": image.image_id,
            "wildfire.route": image.route.value,
            "wildfire.codec": image.codec,
            "wildfire.size_bytes": image.identity.size_bytes,
            **({} if path is None else {"file.path": str(path)}),
        }
        log.log(
            level,
            "received %s: %s, %s, %d bytes",
            *(image.image_id, image.route.value, image.codec, image.identity.size_bytes),
            extra=about,
        )

    def _create_topics(self) -> None:
        for report in ensure_topics(open_admin(self._settings), topic_specs(self._settings)):
            if report.differences:
                log.warning(
                    "topic %s differs from its profile: see `wildfire-bench topics create`",
                    report.name,
                )


def _words(plan: ServicePlan) -> str:
    sent = "nothing is sent" if plan.watched is None else f"files in {plan.watched} are sent"
    kept = "verified" if plan.out is None else f"kept in {plan.out}"
    return f"{sent}; what group {plan.group_id} receives is {kept}"
