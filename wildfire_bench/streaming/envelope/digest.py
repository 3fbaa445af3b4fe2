"""Digests: the fingerprint that every image, chunk, value and envelope is checked against."""

from __future__ import annotations

import xxhash

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import DigestMismatch, UnsupportedFormat

__all__ = ["DIGEST_ALGORITHM", "Digest", "check_digest", "digest_of"]

DIGEST_ALGORITHM = "xxh3-128"
"""XXH3 costs 0.5 ms for 20 MB; it guards against accidents, not against forgery."""

_PREFIX = f"{DIGEST_ALGORITHM}:"


class Digest:
    """A digest that is fed piece by piece."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = xxhash.xxh3_128()

    def update(self, data: Buffer) -> None:
        """Take in more bytes."""
        self._state.update(data)

    def check(self, expected: str, what: str) -> None:
        """Compare what was taken in with the digest that it was sent with.

        Raises
        ------
        DigestMismatch
            If they differ.
        UnsupportedFormat
            If that is of an algorithm that this version does not know.
        """
        if not expected.startswith(_PREFIX):
            algorithm = expected.partition(":")[0][:32]
            msg = f"{what} carries a {algorithm!r} digest; this version checks {DIGEST_ALGORITHM}"
            raise UnsupportedFormat(msg)
        actual = str(self)
        if actual != expected:
            msg = f"{what} is {actual}, but was sent as {expected}: it was altered on the way"
            raise DigestMismatch(msg)

    def __str__(self) -> str:
        return _PREFIX + self._state.hexdigest()


def digest_of(data: Buffer) -> str:
    """Digest of some bytes.

    Returns
    -------
    str
        Algorithm, colon, 32 hexadecimal digits.
    """
    digest = Digest()
    digest.update(data)
    return str(digest)


def check_digest(data: Buffer, expected: str, what: str) -> None:
    """Compare bytes with the digest that they were sent with.

    Raises
    ------
    DigestMismatch
        If they differ.
    UnsupportedFormat
        If the digest is of an algorithm that this version does not know.
    """
    digest = Digest()
    digest.update(data)
    digest.check(expected, what)
