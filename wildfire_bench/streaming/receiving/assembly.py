"""One image being put together from blocks that come in any order.

The digest of the whole follows the blocks while they come, so that the last one leaves little of it
to do.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from wildfire_bench.errors import CorruptEnvelope
from wildfire_bench.streaming.binary_serializer import decode_block
from wildfire_bench.streaming.envelope.digest import Digest, check_digest
from wildfire_bench.streaming.model import BlockPlace, Chunk, Envelope, RecordPlace
from wildfire_bench.streaming.receiving.image_buffer import ImageBuffer

__all__ = ["Assembly", "ReassemblyState"]


@dataclass(frozen=True, slots=True)
class ReassemblyState:
    """How far an image is: what the status API and notebooks show."""

    image_id: str
    size_bytes: int
    chunks: int
    received: int
    missing: tuple[int, ...]
    """Indices of chunks that are not here, at most the first 1,000."""
    received_bytes: int
    spilled: bool
    age_s: float
    places: tuple[RecordPlace, ...]


class Assembly:
    """Blocks are claimed in one thread and filled in others; the last one to fill finishes it.

    Parameters
    ----------
    chunk
        The first chunk that came, whichever it is.
    buffer
        As large as the image.
    first_ms
        Partition time of that chunk, milliseconds.
    """

    def __init__(self, chunk: Chunk, buffer: ImageBuffer, first_ms: float) -> None:
        self.envelope = chunk.envelope
        self.count = chunk.block.count
        self.buffer = buffer
        self.first_ms = first_ms
        self.decode_s = 0.0
        self.broken = False
        """True when all chunks are good and yet do not make up the image."""
        self.started = time.perf_counter()
        self.places: list[RecordPlace] = []
        self._metadata_from: Envelope | None = None
        self._claimed: dict[int, BlockPlace] = {}
        self._filled: set[int] = set()
        self._lock = threading.Lock()
        self._digest, self._digested = Digest(), 0
        """Of the blocks before this index."""
        self._digesting = threading.Lock()
        self._overwritten = False
        """True when a block was bad: wherever it said that it belongs, it may have been written."""

    @property
    def image_id(self) -> str:
        """Which image it will be."""
        return self.envelope.identity.image_id

    @property
    def all_claimed(self) -> bool:
        """Whether every chunk is here, decoded or not."""
        return len(self._claimed) == self.count

    @property
    def missing(self) -> tuple[int, ...]:
        """Indices of the chunks that are not here."""
        with self._lock:
            return tuple(index for index in range(self.count) if index not in self._claimed)

    @property
    def metadata(self) -> dict[str, object]:
        """The user's metadata, as chunk 0 brought it."""
        envelope = self._metadata_from
        return dict(envelope.metadata or {}) if envelope is not None else {}

    def claim(self, chunk: Chunk) -> bool:
        """Take a chunk in.

        Returns
        -------
        bool
            False when it is here already.

        Raises
        ------
        CorruptEnvelope
            If it contradicts what the other chunks say of the image.
        """
        block = chunk.block
        if chunk.envelope.identity != self.envelope.identity or block.count != self.count:
            msg = f"chunk {block.index} of {self.image_id} contradicts the chunks before it"
            raise CorruptEnvelope(msg)
        with self._lock:
            if block.index in self._claimed:
                return False
            self._claimed[block.index] = block
            if block.index == 0:
                self._metadata_from = chunk.envelope
            if chunk.place is not None:
                self.places.append(chunk.place)
        return True

    def decodes(self, index: int) -> bool:
        """Whether a chunk is here and not known to be good yet."""
        with self._lock:
            return index in self._claimed and index not in self._filled

    def fill(self, chunk: Chunk) -> memoryview | None:
        """Decode a claimed chunk into its place.

        Returns
        -------
        memoryview or None
            The image, verified, when this was its last chunk.

        Raises
        ------
        CorruptPayload, DigestMismatch, UnsupportedFormat
            If the chunk cannot be used; it counts as missing again.
        CorruptEnvelope
            If all chunks are here and do not make up the image.
        """
        block = chunk.block
        end = block.offset_bytes + block.size_bytes
        out = self.buffer.view[block.offset_bytes : end]
        started = time.perf_counter()
        try:
            what = f"chunk {block.index} of {self.image_id}"
            decode_block(chunk.envelope.codec, chunk.payload, out, block.digest, what)
        except BaseException:
            with self._lock:
                self._overwritten = True
                del self._claimed[block.index]
                if chunk.place is not None:
                    self.places.remove(chunk.place)
            raise
        with self._lock:
            self.decode_s += time.perf_counter() - started
            self._filled.add(block.index)
            last = len(self._filled) == self.count
        self._digest_along(wait=last)
        return self._finish() if last else None

    def state(self, now_ms: float) -> ReassemblyState:
        """How far it is, at a partition time."""
        missing = self.missing
        with self._lock:
            received_bytes = sum(block.size_bytes for block in self._claimed.values())
            places = tuple(self.places)
        return ReassemblyState(
            image_id=self.image_id,
            size_bytes=self.buffer.size_bytes,
            chunks=self.count,
            received=self.count - len(missing),
            missing=missing[:1000],
            received_bytes=received_bytes,
            spilled=self.buffer.spilled,
            age_s=max(0.0, now_ms - self.first_ms) / 1000,
            places=places,
        )

    def _digest_along(self, *, wait: bool) -> None:
        """Digest what lies there without a gap from the start on, unless another thread does."""
        if not self._digesting.acquire(blocking=wait):
            return
        try:
            while (block := self._filled_block(self._digested)) is not None:
                start, end = block.offset_bytes, block.offset_bytes + block.size_bytes
                self._digest.update(self.buffer.view[start:end])
                self._digested += 1
        finally:
            self._digesting.release()

    def _filled_block(self, index: int) -> BlockPlace | None:
        with self._lock:
            return self._claimed[index] if index in self._filled else None

    def _finish(self) -> memoryview:
        self.broken = True
        end = 0
        for index in range(self.count):
            block = self._claimed[index]
            if block.offset_bytes != end:
                msg = f"chunk {index} of {self.image_id} starts at {block.offset_bytes}, not {end}"
                raise CorruptEnvelope(msg)
            end += block.size_bytes
        if end != self.buffer.size_bytes:
            msg = f"chunks of {self.image_id} hold {end} of {self.buffer.size_bytes} bytes"
            raise CorruptEnvelope(msg)
        expected, what = self.envelope.identity.digest, f"image {self.image_id}"
        if self._overwritten:
            check_digest(self.buffer.view, expected, what)
        else:  # the blocks were written once, and lie side by side
            self._digest.check(expected, what)
        self.broken = False
        self.places.sort(key=lambda place: place.offset)
        return self.buffer.view.toreadonly()
