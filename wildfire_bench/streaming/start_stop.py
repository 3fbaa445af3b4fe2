"""``start`` and ``stop``, as the guide calls them, and ``async with`` for both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["StartStop"]


class StartStop(ABC):
    """Something that is started and stopped from one event loop."""

    @abstractmethod
    async def start(self) -> None:
        """Begin; once more does nothing."""

    @abstractmethod
    async def stop(self) -> object:
        """End; once more does nothing."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
