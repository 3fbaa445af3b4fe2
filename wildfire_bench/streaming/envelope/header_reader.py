"""Typed access to the headers of a record; every failure names the header."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wildfire_bench.errors import CorruptEnvelope, UnsupportedFormat
from wildfire_bench.streaming.envelope.digest import DIGEST_ALGORITHM
from wildfire_bench.streaming.model import BlockPlace, ImageIdentity, Kind

__all__ = ["MAX_CHUNKS", "HeaderReader", "headers_of"]

MAX_CHUNKS: Final = 100_000
"""Chunks that an image may have."""
_DIGEST_LENGTH: Final = len(DIGEST_ALGORITHM) + 1 + 32
_checked_call: Final = operator.methodcaller("headers")


def headers_of(message: Any) -> Sequence[tuple[str, bytes | None]]:
    """Headers of a message of confluent-kafka; call it once for each message.

    For a name that is not UTF-8, which any other client may write, confluent-kafka 2.16 gives a
    list with a hole in it and forgets to raise. The interpreter notices where a C function calls
    another, and not always where Python code calls one: using that list would end the process.

    Raises
    ------
    CorruptEnvelope
        For such a name.
    """
    try:
        found: Sequence[tuple[str, bytes | None]] | None = _checked_call(message)
    except (SystemError, UnicodeDecodeError):
        msg = "the name of a header is not UTF-8: the record was not written by wildfire-bench"
        raise CorruptEnvelope(msg) from None
    return found or ()


class HeaderReader:
    """Typed access to headers; every failure names the header."""

    def __init__(self, found: Mapping[str, bytes]) -> None:
        self._found = found

    def text(self, name: str) -> str:
        """A header that must be there and not empty."""
        value = self.optional(name)
        if not value:
            msg = f"header {name!r} is missing or empty"
            raise CorruptEnvelope(msg)
        return value

    def optional(self, name: str) -> str | None:
        """A header that may be missing."""
        value = self._found.get(name)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            msg = f"header {name!r} is not UTF-8"
            raise CorruptEnvelope(msg) from None

    def number(self, name: str, *, at_least: int = 0, at_most: int = (1 << 63) - 1) -> int:
        """A decimal number within bounds."""
        text = self.text(name)
        value = int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else -1
        if not at_least <= value <= at_most:
            msg = f"header {name!r} is {text[:32]!r}, not a number from {at_least} to {at_most}"
            raise CorruptEnvelope(msg)
        return value

    def digest(self, name: str) -> str:
        """A digest of any algorithm, of the right form if it is ours."""
        text = self.text(name)
        if text.startswith(f"{DIGEST_ALGORITHM}:") and len(text) != _DIGEST_LENGTH:
            msg = f"header {name!r} is {text[:64]!r}, not a {DIGEST_ALGORITHM} digest"
            raise CorruptEnvelope(msg)
        return text

    def kind(self) -> Kind:
        """What the record is."""
        text = self.text("ce_type")
        try:
            return Kind(text)
        except ValueError:
            msg = f"record is of type {text[:64]!r}, which this version cannot read"
            raise UnsupportedFormat(msg) from None

    def block(self, identity: ImageIdentity) -> BlockPlace:
        """Where a chunk belongs in its image."""
        count = self.number("wf_chunk_count", at_least=1, at_most=MAX_CHUNKS)
        offset = self.number("wf_chunk_offset", at_most=identity.size_bytes - 1)
        return BlockPlace(
            index=self.number("wf_chunk_index", at_most=count - 1),
            count=count,
            offset_bytes=offset,
            size_bytes=self.number(
                "wf_chunk_size", at_least=1, at_most=identity.size_bytes - offset
            ),
            digest=self.digest("wf_chunk_digest"),
        )
