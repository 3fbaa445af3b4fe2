"""The rollback of the guide's section 9, rehearsed with traffic flowing.

Producers and consumers are processes. They are restarted one by one with the guide's two variables,
and back, while the others go on; what was sent is compared with what came of it. Topics and group
are of the rehearsal alone, so that it may run on brokers that are in use.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import Final

from wildfire_bench.bench.rollback.history import History
from wildfire_bench.bench.rollback.process import RehearsalProcess
from wildfire_bench.bench.rollback.report import Phase, RollbackReport, RollbackStep
from wildfire_bench.bench.verify.cases import NO_STORE
from wildfire_bench.bench.verify.verification import own_topics, remove_group, remove_objects
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.settings import ProducerSettings, RoutingSettings, Settings
from wildfire_bench.settings_environment import CONFIG_VARIABLE, as_environment
from wildfire_bench.streaming.dead_letter_box import dead_letters

__all__ = ["FORWARD", "ROLLED_BACK", "rehearse_rollback"]

ROLLED_BACK: Final[Mapping[str, str]] = MappingProxyType(
    {"KAFKA_COMPRESSION_TYPE": "gzip", "ENABLE_BINARY_SERIALIZATION": "false"}
)
"""The guide's two variables."""
FORWARD: Final[Mapping[str, str]] = MappingProxyType(
    {"KAFKA_COMPRESSION_TYPE": "zstd", "ENABLE_BINARY_SERIALIZATION": "true"}
)
PROCESSES: Final = 2
"""Producers, and consumers; so that while one restarts, the other goes on."""
IMAGES_BETWEEN: Final = 4
"""Images that consumers acknowledge between two restarts, so that forms mix on the way."""
WAIT_TIMEOUT_S: Final = 60.0
"""How long images may take to come, and all of them at the end."""
_LOOK_S: Final = 0.02

_ROUTING: Final = RoutingSettings(
    direct_max_bytes=100_000, chunked_max_bytes=300_000, chunk_bytes=64 * 1024
)


async def rehearse_rollback(
    settings: Settings,
    *,
    phases: Sequence[Phase] = tuple(Phase),
    processes: int = PROCESSES,
    told: Callable[[RollbackStep], None] | None = None,
) -> RollbackReport:
    """Roll back and forward while images flow, and compare.

    Parameters
    ----------
    settings
        Brokers and object store. Topics, group and objects of the rehearsal are removed.
    phases
        In this order; they should alternate in direction, beginning with one that goes back.
    processes
        So many producers, and so many consumers.
    told
        Called after each phase.

    Raises
    ------
    BenchmarkError
        If a process ends, or images do not come in time; the message says what it wrote.
    WildfireBenchError
        If no broker answers or topics cannot be made.
    """
    started = time.perf_counter()
    prefix = f"{settings.topic_prefix[:40]}verify-{uuid.uuid4().hex[:8]}-"
    settings = settings.model_copy(update={"topic_prefix": prefix, "routing": _ROUTING})
    group_id = f"{prefix}group"
    history = History()
    async with own_topics(settings):
        rehearsal = _Rehearsal(settings, group_id, history)
        try:
            await rehearsal.begin(processes)
            steps = await rehearsal.run(phases, told)
            unreadable = await asyncio.to_thread(lambda: tuple(dead_letters(settings)))
        finally:
            await rehearsal.end()
            await asyncio.to_thread(remove_objects, settings, history.datarefs)
            await asyncio.to_thread(remove_group, settings, group_id)
    return RollbackReport(
        steps=steps,
        sent=len(history.sent),
        acknowledged=history.acknowledged,
        redelivered=history.redelivered,
        faults=history.faults(),
        unreadable=unreadable,
        not_tried=() if settings.s3.configured else (NO_STORE,),
        seconds=time.perf_counter() - started,
    )


class _Rehearsal:
    """The processes, and what is done with them."""

    def __init__(self, settings: Settings, group_id: str, history: History) -> None:
        # What producers compress with is decided by the variables alone, and by no file.
        plain = settings.model_copy(update={"kafka_producer": ProducerSettings()})
        self._environment = {
            **os.environ,
            **as_environment(plain),
            CONFIG_VARIABLE: os.devnull,
        }
        self._group_id, self._history = group_id, history
        self._producers: list[RehearsalProcess] = []
        self._consumers: list[RehearsalProcess] = []
        self._started = 0

    async def begin(self, processes: int) -> None:
        """Start so many of either, and wait until images flow."""
        for _ in range(processes):
            self._consumers.append(await self._start("consumer", FORWARD))
            self._producers.append(await self._start("producer", FORWARD))
        await self._flow()

    async def run(
        self, phases: Sequence[Phase], told: Callable[[RollbackStep], None] | None
    ) -> tuple[RollbackStep, ...]:
        """Go through the phases, then wait until nothing is under way any more."""
        steps = []
        for phase in phases:
            steps.append(await self._switch(phase))
            if told is not None:
                told(steps[-1])
        await _end_all(self._producers)
        await self._wait(lambda: self._history.waiting == 0, "all images")
        await _end_all(self._consumers)  # which leave the group, so that it can be removed
        return tuple(steps)

    async def end(self) -> None:
        """End what still runs, however far it is."""
        processes = (*self._producers, *self._consumers)
        async with AsyncExitStack() as stack:
            for process in processes:
                stack.push_async_callback(process.kill)
            # consumers that can leave the group, so that it can be removed
            await asyncio.gather(*(process.terminate() for process in processes))

    async def _switch(self, phase: Phase) -> RollbackStep:
        """Restart everything, one by one, while the rest goes on."""
        started = time.perf_counter()
        routes, acknowledged = self._history.routes.copy(), self._history.acknowledged
        back = phase in {Phase.BACK_PRODUCERS_FIRST, Phase.BACK_CONSUMERS_FIRST}
        variables = ROLLED_BACK if back else FORWARD
        producers_first = phase in {Phase.BACK_PRODUCERS_FIRST, Phase.FORWARD_PRODUCERS_FIRST}
        both = [("producer", self._producers), ("consumer", self._consumers)]
        for role, processes in both if producers_first else reversed(both):
            for index, process in enumerate(processes):
                await process.end()
                processes[index] = await self._start(role, variables)
                await self._flow()
        return RollbackStep(
            phase=phase,
            sent=dict(self._history.routes - routes),
            acknowledged=self._history.acknowledged - acknowledged,
            seconds=time.perf_counter() - started,
        )

    async def _start(self, role: str, variables: Mapping[str, str]) -> RehearsalProcess:
        self._started += 1
        arguments = (role, f"{role}-{self._started}", self._group_id)
        environment = {**self._environment, **variables}
        return await RehearsalProcess.start(arguments, environment, self._history.note)

    async def _flow(self) -> None:
        """Wait until some more images have come through."""
        enough = self._history.acknowledged + IMAGES_BETWEEN
        await self._wait(lambda: self._history.acknowledged >= enough, "more images")

    async def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_TIMEOUT_S
        while not done():
            for process in (*self._producers, *self._consumers):
                process.raise_if_ended()
            if time.monotonic() > deadline:
                msg = (
                    f"{what} did not come through within {WAIT_TIMEOUT_S:g} s: of "
                    f"{len(self._history.sent)} sent, {self._history.acknowledged} were "
                    "acknowledged by the consumers; the first that was not: "
                    f"{self._history.first_waiting}"
                )
                raise BenchmarkError(msg)
            await asyncio.sleep(_LOOK_S)


async def _end_all(processes: Sequence[RehearsalProcess]) -> None:
    await asyncio.gather(*(process.end() for process in processes))
