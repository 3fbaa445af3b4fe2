"""What a producer gives back for an image that was acknowledged."""

from __future__ import annotations

from collections.abc import Mapping

from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation, Receipt, RecordPlace
from wildfire_bench.streaming.sending.image_sender import Sent

__all__ = ["receipt_for"]


def receipt_for(
    identity: ImageIdentity,
    sent: Sent,
    item: tuple[RecordPlace, int],
    seconds: Mapping[str, float],
) -> Receipt:
    """Put a receipt together.

    Parameters
    ----------
    identity, sent
        The image, and what sending its payload came to.
    item
        Where its catalogue entry lies, and the bytes of that.
    seconds
        Per stage.
    """
    item_place, item_bytes = item
    return Receipt(
        identity=identity,
        route=sent.decision.route,
        reason=sent.decision.reason,
        codec=sent.codec,
        level=sent.level,
        places=() if isinstance(sent.location, ObjectLocation) else sent.location,
        item_place=item_place,
        raw_bytes=identity.size_bytes,
        encoded_bytes=sent.encoded_bytes,
        wire_bytes=sent.wire_bytes + item_bytes,
        seconds=seconds,
        dataref=sent.dataref,
        codec_reason=sent.codec_reason,
    )
