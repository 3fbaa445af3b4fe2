"""Completed images on their way into the caller's hands: waiting, announced, handed over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.observation.receiving_tally import ReceivingTally
from wildfire_bench.streaming.receiving.commit_pump import CommitPump
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState

__all__ = ["HandOver"]


class HandOver:
    """Belongs to the consumer's thread.

    Parameters
    ----------
    most
        Images that the caller may hold.
    commits
        Notes durably that an image goes into the caller's hands, before it does.
    tally
        Counts those that went.
    give
        Called with each that may go to the caller.
    """

    def __init__(
        self,
        most: int,
        commits: CommitPump,
        tally: ReceivingTally,
        give: Callable[[InboundImage], None],
    ) -> None:
        self._most = most
        self._commits, self._tally, self._give = commits, tally, give
        self.waiting: deque[InboundImage] = deque()
        """Whole, or about to be."""
        self.in_hand: set[InboundImage] = set()
        """Announced, and not settled."""

    @property
    def held_bytes(self) -> int:
        """Of all these images."""
        return sum(image.size_bytes for image in (*self.waiting, *self.in_hand))

    @property
    def is_pending(self) -> bool:
        """Whether one is announced that the caller does not have yet."""
        return any(not image.handed for image in self.in_hand)

    @property
    def awaits_downloads(self) -> bool:
        """Whether all that is pending is still being fetched from S3."""
        pending = [image for image in self.in_hand if not image.handed]
        return bool(pending) and all(
            image.route is Route.REFERENCE and image.data is None for image in pending
        )

    def announce(self) -> None:
        """Note durably that images go into the caller's hands, before they do."""
        held_back: list[InboundImage] = []
        while self.waiting and len(self.in_hand) < self._most:
            image = self.waiting.popleft()
            if image.gone:
                continue
            if image.partition.ledger.must_wait(image):
                held_back.append(image)
                continue
            image.marked = True
            self.in_hand.add(image)
            image.partition.ledger.hand_over(image.mark)

            def announced(stored: bool, image: InboundImage = image) -> None:
                image.announced = stored and image.marked
                self.offer(image)

            self._commits.touch(image.partition, announced)
        self.waiting.extendleft(reversed(held_back))

    def offer(self, image: InboundImage) -> None:
        """Hand it over, if it is verified and its turn."""
        if image.announced and image.data is not None and not image.handed and not image.gone:
            image.handed = True
            self._tally.handed_over(
                image.route,
                image.envelope.codec,
                image.size_bytes,
                image.seconds,
                written_ms=image.written_ms,
                redelivered=image.redelivered,
            )
            self._give(image)

    def withdraw(self, image: InboundImage) -> None:
        """It cannot be handed over (for now)."""
        if image.marked:
            self.in_hand.discard(image)
            image.partition.ledger.take_back([image.mark])
            image.marked = image.announced = False
        elif image in self.waiting:
            self.waiting.remove(image)

    def drop(self, state: PartitionState) -> None:
        """Forget the images of a partition that is no longer ours."""
        self.waiting = deque(image for image in self.waiting if image.partition is not state)
        self.in_hand = {image for image in self.in_hand if image.partition is not state}
