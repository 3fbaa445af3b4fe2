"""A batch of small records in the caller's hands: as dicts or as a pandas frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from wildfire_bench.streaming.model import check_reason
from wildfire_bench.streaming.records.record_envelope import ReceivedRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RecordBatch", "SettleBatch"]

SettleBatch: TypeAlias = Callable[[Sequence[ReceivedRecord], str | None], Awaitable[None]]
"""Called with the records to refuse and the reason, or with none to acknowledge the batch."""


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records that arrived together, in the order of each partition."""

    received: tuple[ReceivedRecord, ...]
    settle: SettleBatch | None = field(default=None, repr=False, compare=False)
    """How the consumer that handed it over is told what became of it."""

    def __len__(self) -> int:
        return len(self.received)

    def __iter__(self) -> Iterator[ReceivedRecord]:
        return iter(self.received)

    def dicts(self) -> list[dict[str, Any]]:
        """The records alone, without their coordinates."""
        return [each.record for each in self.received]

    def frame(self) -> pd.DataFrame:
        """The records as a pandas frame: a row each, nested fields as ``readings.temperature_c``.

        The index is topic, partition and offset; ``source_id`` comes in front of the record's own
        columns. pandas is imported here, so that others do not wait for it.
        """
        import pandas as pd

        places = [each.place for each in self.received]
        index = pd.MultiIndex.from_arrays(
            [
                [place.topic for place in places],
                [place.partition for place in places],
                [place.offset for place in places],
            ],
            names=("topic", "partition", "offset"),
        )
        rows = pd.json_normalize(self.dicts()).set_index(index)
        if "source_id" not in rows:
            rows.insert(0, "source_id", [each.source_id for each in self.received])
        return rows

    async def ack(self) -> None:
        """Acknowledge the whole batch; returns once that is committed.

        Raises
        ------
        AcknowledgementLost
            If a partition of it went to another consumer meanwhile: its records come again there.
        """
        if self.settle is not None:
            await self.settle((), None)

    async def nack(self, reason: str, records: Sequence[ReceivedRecord] | None = None) -> None:
        """Refuse records: they go to the dead letters with a reason, and do not come again.

        Parameters
        ----------
        reason
            Why, for the dead letter.
        records
            Of this batch; None refuses them all. The others are acknowledged.

        Raises
        ------
        AcknowledgementLost
            As `ack`.
        InputError
            If the reason is no text.
        """
        check_reason(reason)
        if self.settle is not None:
            await self.settle(self.received if records is None else records, reason)
