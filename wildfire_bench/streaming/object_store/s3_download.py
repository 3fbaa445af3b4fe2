"""Ranges of an object, fetched side by side along its block table."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

import urllib3

from wildfire_bench.errors import CorruptEnvelope, CorruptPayload
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.model import ObjectLocation
from wildfire_bench.streaming.object_store.s3_client import S3Client, object_store_errors

__all__ = ["MAX_BLOCK_BYTES", "PlaceBlock", "RangedDownload"]

MAX_BLOCK_BYTES: Final = 128 << 20
"""Largest encoded block that is fetched; twice what a sender's settings allow."""
ATTEMPTS: Final = 3
"""Times that a range is begun when its connection breaks halfway; read blocks are kept."""

PlaceBlock: TypeAlias = Callable[[int, int, bytes], None]
"""Called with the index of a block, its offset in the image and its encoded bytes."""


@dataclass(frozen=True, slots=True)
class _Block:
    index: int
    start: int
    """In the object."""
    size_bytes: int
    offset_bytes: int
    """In the image."""


class RangedDownload:
    """The download of one object: `run` is called by several threads, which share the ranges.

    Each holds one block at a time.

    Parameters
    ----------
    client, settings
        The store. A range is about ``part_bytes`` long.
    location
        The object and its block table.
    place
        Takes each block, in any order, in the thread that fetched it.

    Raises
    ------
    CorruptEnvelope
        If the block table contradicts itself or has a block above `MAX_BLOCK_BYTES`.
    """

    def __init__(
        self,
        client: S3Client,
        settings: S3Settings,
        location: ObjectLocation,
        place: PlaceBlock,
    ) -> None:
        self._client, self._settings = client, settings
        self._location, self._place = location, place
        self._ranges = deque(_ranges(_checked(location), settings.part_bytes))
        self._stopped = threading.Event()

    @property
    def range_count(self) -> int:
        """Ranges that nobody has begun."""
        return len(self._ranges)

    def run(self) -> None:
        """Fetch ranges until none is left or one has failed anywhere.

        Raises
        ------
        ObjectMissing, ObjectStoreUnavailable
            If the object cannot be had.
        CorruptPayload
            If it is not as large as announced. Whatever `place` raises comes through too.
        """
        try:
            while not self._stopped.is_set():
                try:
                    blocks = self._ranges.popleft()
                except IndexError:
                    return
                self._fetch(blocks)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let every thread end after the block at hand."""
        self._stopped.set()

    def _fetch(self, blocks: list[_Block]) -> None:
        waiting = deque(blocks)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._read(waiting)
            except urllib3.exceptions.HTTPError:
                if attempt == ATTEMPTS:
                    self._give_up()
            if not waiting or self._stopped.is_set():
                return

    def _read(self, waiting: deque[_Block]) -> None:
        """Take blocks off `waiting` as they come in."""
        start = waiting[0].start
        length = waiting[-1].start + waiting[-1].size_bytes - start
        response = self._open(start, length)
        try:
            while waiting and not self._stopped.is_set():
                block = waiting[0]
                payload = response.read(block.size_bytes)
                if len(payload) != block.size_bytes:
                    raise urllib3.exceptions.IncompleteRead(len(payload), block.size_bytes)
                self._place(block.index, block.offset_bytes, payload)
                waiting.popleft()
        finally:
            if waiting:
                response.close()  # the rest is not wanted: the connection cannot be used again
            response.release_conn()

    def _open(self, start: int, length: int) -> urllib3.BaseHTTPResponse:
        location = self._location
        with object_store_errors(self._settings, location.bucket, location.key):
            response = self._client.get_object(
                location.bucket, location.key, offset=start, length=length
            )
        found = response.headers.get("content-range", "")
        expected = f"bytes {start}-{start + length - 1}/{location.size_bytes}"
        if found != expected:
            response.close()
            msg = (
                f"{location.uri} answers with {found or 'no range'!r} where {expected!r} is "
                "announced: the object was replaced or cut"
            )
            raise CorruptPayload(msg)
        return response

    def _give_up(self) -> None:
        with object_store_errors(self._settings, self._location.bucket, self._location.key):
            msg = f"the connection broke {ATTEMPTS} times"
            raise urllib3.exceptions.ProtocolError(msg)


def _checked(location: ObjectLocation) -> ObjectLocation:
    sizes = [encoded for encoded, _, _ in location.blocks]
    if sum(sizes) != location.size_bytes or min(sizes, default=0) < 1:
        msg = (
            f"{location.uri} is announced with {location.size_bytes:,} bytes, its blocks sum up to "
            f"{sum(sizes):,}"
        )
        raise CorruptEnvelope(msg)
    if max(sizes) > MAX_BLOCK_BYTES:
        msg = (
            f"{location.uri} has a block of {max(sizes):,} bytes; at most {MAX_BLOCK_BYTES:,} are "
            "fetched at once"
        )
        raise CorruptEnvelope(msg)
    return location


def _ranges(location: ObjectLocation, range_bytes: int) -> Iterator[list[_Block]]:
    """Cut the block table into runs of about so many bytes, at least one block each."""
    starts = accumulate((encoded for encoded, _, _ in location.blocks), initial=0)
    offsets = accumulate((decoded for _, decoded, _ in location.blocks), initial=0)
    run: list[_Block] = []
    for index, (encoded, _, _) in enumerate(location.blocks):
        block = _Block(index, next(starts), encoded, next(offsets))
        if run and block.start + encoded - run[0].start > range_bytes:
            yield run
            run = []
        run.append(block)
    if run:
        yield run
