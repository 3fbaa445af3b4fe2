"""What was sent and what came of it, told by several processes; and what is wrong with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Faults", "History"]


@dataclass(frozen=True, slots=True)
class Faults:
    """Images that were not treated as promised, by id; empty throughout when all is well."""

    lost: tuple[str, ...]
    """Acknowledged to a producer, and never acknowledged by a consumer."""
    altered: tuple[str, ...]
    """Handed over with other bytes than were sent."""
    repeated: tuple[str, ...]
    """Handed over again after their acknowledgement was committed."""

    @property
    def none(self) -> bool:
        """Whether there are none."""
        return not (self.lost or self.altered or self.repeated)


@dataclass(slots=True)
class History:
    """Notes what processes tell, in any order.

    Times are of one machine's monotonic clock, so that they compare between processes.
    """

    sent: dict[str, str] = field(default_factory=dict)
    """Digest by image id, once all in-sync replicas have it."""
    datarefs: list[str] = field(default_factory=list)
    """Objects that images were sent by."""
    routes: Counter[str] = field(default_factory=Counter)
    """Images sent, by route."""
    _received: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    _acknowledged_s: dict[str, float] = field(default_factory=dict)

    def note(self, told: Mapping[str, Any]) -> None:
        """Note one line of a worker."""
        image_id = told.get("image_id")
        if image_id is None:
            return
        if told["what"] == "sent":
            self.sent[image_id] = told["digest"]
            self.routes[told["route"]] += 1
            if told["dataref"]:
                self.datarefs.append(told["dataref"])
        elif told["what"] == "received":
            self._received.setdefault(image_id, []).append((told["at_s"], told["digest"]))
        else:
            # The first one counts: it is from there on that the image may not come again.
            self._acknowledged_s.setdefault(image_id, told["at_s"])

    @property
    def waiting(self) -> int:
        """Images that were sent and are not acknowledged by a consumer yet."""
        return len(self._not_acknowledged())

    @property
    def first_waiting(self) -> str:
        """One of these, and how far it came; for messages."""
        image_id = min(self._not_acknowledged(), default="none")
        return f"{image_id}, handed over {len(self._received.get(image_id, ()))} times"

    @property
    def acknowledged(self) -> int:
        """Images that a consumer acknowledged."""
        return len(self._acknowledged_s)

    @property
    def redelivered(self) -> int:
        """Times that an image came again before it was acknowledged, as it may."""
        return sum(len(times) - 1 for times in self._received.values()) - len(self._repeats())

    def faults(self) -> Faults:
        """Compare what was sent with what came of it."""
        altered = {
            image_id
            for image_id, times in self._received.items()
            for _, digest in times
            # An image whose acknowledgement its producer did not live to tell is no fault.
            if digest != self.sent.get(image_id, digest)
        }
        return Faults(
            lost=tuple(sorted(self._not_acknowledged())),
            altered=tuple(sorted(altered)),
            repeated=tuple(sorted(set(self._repeats()))),
        )

    def _not_acknowledged(self) -> set[str]:
        return self.sent.keys() - self._acknowledged_s.keys()

    def _repeats(self) -> list[str]:
        return [
            image_id
            for image_id, times in self._received.items()
            for at_s, _ in times
            if at_s > self._acknowledged_s.get(image_id, at_s)
        ]
