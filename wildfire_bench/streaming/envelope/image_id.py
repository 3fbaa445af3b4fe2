"""The id of an image, made of source, acquisition time and content: a resend has it again."""

from __future__ import annotations

import re

from wildfire_bench.errors import CorruptEnvelope
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.model import ImageIdentity

__all__ = ["check_image_id", "image_id_of"]


def image_id_of(source_id: str, acquired: str | None, digest: str) -> str:
    """Identity that a resend of the same image shares, whenever and by whomever it is sent.

    Returns
    -------
    str
        A readable start (source, acquisition time) and 32 hexadecimal digits over source,
        acquisition time and content digest; letters, digits, ``-``, ``_`` and ``.`` only, so that
        it stands in a URL or an object key as it is.
    """
    parts = [source_id, acquired or "", digest]
    unique = digest_of("\0".join(parts).encode()).rpartition(":")[2]
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", source_id)[:48].strip(".-") or "source"
    when = re.sub(r"[^0-9TZ]", "", acquired.partition(".")[0]) if acquired else ""
    return "-".join(part for part in (readable, when.rstrip("Z"), unique) if part)


def check_image_id(identity: ImageIdentity) -> None:
    """Compare an id with what it is made of.

    Consumers pass over an image whose id they had: under an id that is not its own, an image could
    take the place of another.

    Raises
    ------
    CorruptEnvelope
        If it is the id of another image.
    """
    expected = image_id_of(identity.source_id, identity.acquired, identity.digest)
    if identity.image_id != expected:
        msg = (
            f"image id {identity.image_id[:128]!r} is not that of its source, acquisition time and "
            f"digest, {expected!r}: the record was not written by wildfire-bench"
        )
        raise CorruptEnvelope(msg)
