"""Images as base64 JSON: what the guide starts from, and what it rolls back to (section 9)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import CorruptPayload, ImageTooLarge
from wildfire_bench.streaming.model import ImageIdentity

__all__ = [
    "JSON_CODEC",
    "check_json_fits",
    "decode_json_image",
    "encode_json_image",
    "json_bytes",
]

JSON_CODEC = "base64-json"
"""What ``wf_codec`` says of such a record."""


def encode_json_image(
    image: Buffer, metadata: Mapping[str, Any] | None, identity: ImageIdentity
) -> bytes:
    """Write an image and its metadata as one JSON document.

    Returns
    -------
    bytes
        UTF-8; the image is in ``image_data``, four characters for three bytes.
    """
    document = {
        "image_id": identity.image_id,
        "source_id": identity.source_id,
        "media_type": identity.media_type,
        "size_bytes": identity.size_bytes,
        "digest": identity.digest,
        "acquired": identity.acquired,
        "metadata": dict(metadata or {}),
        "image_data": base64.b64encode(image).decode("ascii"),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def decode_json_image(value: Buffer, size_bytes: int) -> tuple[bytes, dict[str, Any]]:
    """Read such a document.

    Parameters
    ----------
    value
        The document.
    size_bytes
        Expected size of the image.

    Returns
    -------
    tuple of (bytes, dict)
        Image and metadata.

    Raises
    ------
    CorruptPayload
        If it is not such a document, or holds an image of another size.
    """
    try:
        document = json.loads(bytes(value))
        image = base64.b64decode(document["image_data"], validate=True)
        metadata = document["metadata"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        msg = f"value is not a JSON image: {type(error).__name__}: {error}"
        raise CorruptPayload(msg[:300]) from None
    if len(image) != size_bytes or not isinstance(metadata, dict):
        msg = f"JSON image has {len(image):,} bytes, its envelope says {size_bytes:,}"
        raise CorruptPayload(msg)
    return image, metadata


def json_bytes(size_bytes: int) -> int:
    """Length of the base64 text of an image of this size."""
    return (size_bytes + 2) // 3 * 4


def check_json_fits(identity: ImageIdentity, record_bytes: int, limit_bytes: int) -> None:
    """Refuse what the JSON topic cannot carry.

    Raises
    ------
    ImageTooLarge
        Naming both ways out.
    """
    if record_bytes > limit_bytes:
        msg = (
            f"image of {identity.size_bytes:,} bytes is {record_bytes:,} as JSON; the JSON topic "
            f"takes {limit_bytes:,}: set ENABLE_BINARY_SERIALIZATION=true, or configure S3 "
            "(S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY) so that it goes by reference"
        )
        raise ImageTooLarge(msg)
