from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from tests.streaming.chunks import chunks_of, flipped
from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.model import Chunk, RecordPlace
from wildfire_bench.streaming.receiving.inbound import InboundImage, PartitionState
from wildfire_bench.streaming.receiving.intake import Intake
from wildfire_bench.streaming.receiving.ledger import CommitNote
from wildfire_bench.streaming.wire import write_envelope

IMAGE = bytes(range(256)) * 10
CHUNKS = chunks_of(IMAGE, 1000)


class Later(Executor):
    """Decodes when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self) -> None:
        """Do what waits, and what that leads to."""
        while self.waiting:
            future, job = self.waiting.pop(0)
            try:
                future.set_result(job())
            except WildfireBenchError as error:
                future.set_exception(error)


class Told:
    """Keeps what the intake tells."""

    def __init__(self) -> None:
        self.images: list[bytes] = []
        self.refused: list[tuple[str, int]] = []
        self.waiting: list[InboundImage] = []

    def whole(self, image: InboundImage) -> None:
        self.waiting.append(image)

    def not_whole(self, image: InboundImage) -> None:
        image.whole = False
        self.waiting.remove(image)

    def ready(self, image: InboundImage) -> None:
        assert image.data is not None
        self.images.append(bytes(image.data))

    def refuse(
        self,
        _state: PartitionState,
        error: WildfireBenchError,
        places: list[RecordPlace],
        *_: object,
    ) -> None:
        self.refused.append((type(error).__name__, places[0].offset))

    def download(self, *_: object) -> None:
        raise AssertionError("no reference was sent")


class Record:
    """A chunk as a client gives it."""

    def __init__(self, chunk: Chunk, offset: int) -> None:
        self._chunk, self._offset = chunk, offset

    def topic(self) -> str:
        return "chunks"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return self._chunk.image_id.encode()

    def value(self) -> bytes:
        return bytes(self._chunk.payload)

    def headers(self) -> list[tuple[str, bytes]]:
        return list(write_envelope(self._chunk.envelope))

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000


@pytest.fixture
def pool() -> Later:
    return Later()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def intake(pool: Later, told: Told) -> Intake:
    return Intake(Settings(), pool, lambda command: command(), told)


@pytest.fixture
def state() -> PartitionState:
    return PartitionState("chunks", 0, 0, CommitNote())


def take(intake: Intake, state: PartitionState, *chunks: Chunk) -> None:
    for chunk in chunks:
        intake.take(state, Record(chunk, state.ledger.position))


def test_a_copy_that_comes_while_the_first_is_decoded_is_used_if_that_proves_corrupt(
    intake: Intake, state: PartitionState, pool: Later, told: Told
) -> None:
    take(intake, state, CHUNKS[0], flipped(CHUNKS[1], 7), CHUNKS[1], CHUNKS[2])
    pool.run()
    assert told.refused == [("DigestMismatch", 1)]
    assert told.images == [IMAGE]
    assert len(told.waiting) == 1
    (image,) = told.waiting
    assert [place.offset for place in image.places] == [0, 2, 3]
    assert (intake.undecoded_bytes, intake.duplicates) == (0, 0)


def test_a_copy_that_comes_while_the_first_is_decoded_is_dropped_if_that_is_good(
    intake: Intake, state: PartitionState, pool: Later, told: Told
) -> None:
    take(intake, state, CHUNKS[0], CHUNKS[1], CHUNKS[1], CHUNKS[1], CHUNKS[2])
    assert intake.undecoded_bytes == len(IMAGE) + len(CHUNKS[1].payload)
    pool.run()
    assert (told.refused, told.images) == ([], [IMAGE])
    assert (intake.undecoded_bytes, intake.duplicates) == (0, 2)


def test_two_corrupt_copies_leave_the_chunk_missing_and_each_goes_to_the_dead_letters(
    intake: Intake, state: PartitionState, pool: Later, told: Told
) -> None:
    take(intake, state, CHUNKS[0], flipped(CHUNKS[1], 7), flipped(CHUNKS[1], 8), CHUNKS[2])
    pool.run()
    assert told.refused == [("DigestMismatch", 1), ("DigestMismatch", 2)]
    assert (told.images, told.waiting) == ([], [])
    take(intake, state, CHUNKS[1])
    pool.run()
    assert told.images == [IMAGE]
