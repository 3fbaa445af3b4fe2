"""What the commands print for programs: images, receipts and records as JSON documents."""

from __future__ import annotations

from typing import Any

from wildfire_bench.streaming.model import ImageIdentity, Receipt, RecordPlace
from wildfire_bench.streaming.satellite_image import SatelliteImage

__all__ = ["identity_document", "image_document", "place_document", "receipt_document"]


def place_document(place: RecordPlace) -> dict[str, Any]:
    """Coordinates of a record."""
    return {"topic": place.topic, "partition": place.partition, "offset": place.offset}


def identity_document(identity: ImageIdentity) -> dict[str, Any]:
    """What an image is."""
    return {
        "image_id": identity.image_id,
        "source_id": identity.source_id,
        "size_bytes": identity.size_bytes,
        "digest": identity.digest,
        "media_type": identity.media_type,
        "acquired": identity.acquired,
    }


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """What became of a sent image; no pre-signed URL is in it."""
    item = receipt.item_place
    return {
        **identity_document(receipt.identity),
        "route": receipt.route.value,
        "reason": receipt.reason,
        "codec": receipt.codec,
        "codec_reason": receipt.codec_reason,
        "level": receipt.level,
        "encoded_bytes": receipt.encoded_bytes,
        "wire_bytes": receipt.wire_bytes,
        "records": [place_document(place) for place in receipt.places],
        "item": place_document(item) if item else None,
        "dataref": receipt.dataref,
        "seconds": _rounded(receipt.seconds),
    }


def image_document(image: SatelliteImage) -> dict[str, Any]:
    """What is known of a received image, without its bytes."""
    return {
        **identity_document(image.identity),
        "route": image.route.value,
        "codec": image.codec,
        "redelivered": image.redelivered,
        "records": [place_document(place) for place in image.places],
        "metadata": dict(image.metadata),
        "seconds": _rounded(image.seconds),
    }


def _rounded(seconds: Any) -> dict[str, float]:
    return {stage: round(value, 6) for stage, value in seconds.items()}
