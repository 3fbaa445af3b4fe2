"""Whether the brokers answer now: asked at most once a second, whoever wants to know."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin

__all__ = ["BrokerCheck"]

ANSWER_TIMEOUT_S: Final = 2.0
"""How long brokers may take until they count as gone."""
KEPT_S: Final = 1.0
"""How long an answer is good for."""


class BrokerCheck:
    """Asks for the list of brokers, by a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: AdminClient | None = None
        self._asked_s = 0.0
        self._answered = False
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Connect.

        Raises
        ------
        BrokerUnavailable
            If no broker answers.
        """
        self._admin = await asyncio.to_thread(open_admin, self._settings)

    async def answers(self) -> bool:
        """Whether a broker answers; False before `start`."""
        async with self._turn:
            if self._admin is not None and time.monotonic() - self._asked_s > KEPT_S:
                self._answered = await asyncio.to_thread(_answers, self._admin)
                self._asked_s = time.monotonic()
            return self._answered


def _answers(admin: AdminClient) -> bool:
    try:
        admin.list_topics(timeout=ANSWER_TIMEOUT_S)
    except KafkaException:
        return False
    return True
