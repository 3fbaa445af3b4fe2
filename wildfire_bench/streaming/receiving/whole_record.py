"""Records that hold a whole image, or a whole JSON document: decoded and verified."""

from __future__ import annotations

from typing import Any

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import CorruptEnvelope
from wildfire_bench.streaming.binary_serializer import decode_block
from wildfire_bench.streaming.envelope.digest import check_digest
from wildfire_bench.streaming.json_fallback import decode_json_image
from wildfire_bench.streaming.model import Envelope

__all__ = ["check_value", "decode_json_record", "decode_whole"]


def decode_whole(envelope: Envelope, value: Buffer, out: memoryview) -> None:
    """Decode a direct image into `out`, which is as large as the image.

    Raises
    ------
    CorruptPayload, DigestMismatch, UnsupportedFormat
        If it is not what was sent.
    """
    identity = envelope.identity
    decode_block(envelope.codec, value, out, identity.digest, f"image {identity.image_id}")


def decode_json_record(envelope: Envelope, value: Buffer) -> tuple[bytes, dict[str, Any]]:
    """Decode a JSON image.

    Returns
    -------
    tuple of (bytes, dict)
        Image and metadata.

    Raises
    ------
    CorruptEnvelope, CorruptPayload, DigestMismatch
        If it is not what was sent.
    """
    identity = envelope.identity
    check_value(envelope, value)
    image, metadata = decode_json_image(value, identity.size_bytes)
    check_digest(image, identity.digest, f"image {identity.image_id}")
    return image, metadata


def check_value(envelope: Envelope, value: Buffer) -> None:
    """Compare a JSON value, as it lies there, with the digest in its envelope.

    Raises
    ------
    CorruptEnvelope
        If there is none.
    DigestMismatch
        If they differ.
    """
    if envelope.value_digest is None:
        msg = f"header 'wf_value_digest' is missing on {envelope.identity.image_id}"
        raise CorruptEnvelope(msg)
    check_digest(value, envelope.value_digest, f"JSON of {envelope.identity.image_id}")
