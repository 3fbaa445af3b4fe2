"""An identified image, sent whole, and the receipt that its producer gives back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from wildfire_bench.errors import DeliveryFailed, RecordTooLarge
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation, Receipt, RecordPlace
from wildfire_bench.streaming.sending.image_sender import ImageSender
from wildfire_bench.streaming.sending.limits import SendLimits
from wildfire_bench.streaming.sending.outgoing_image import OutgoingImage
from wildfire_bench.streaming.sending.sent import Sent

__all__ = ["send_identified"]


async def send_identified(
    sender: ImageSender,
    image: OutgoingImage,
    *,
    limits: Callable[[], SendLimits],
    identify_s: float,
) -> Receipt:
    """Send payload and catalogue entry.

    Parameters
    ----------
    sender
        Sends them.
    image
        Which.
    limits
        Asks the brokers for the limits anew; blocks.
    identify_s
        Seconds that it took to identify the image.

    Raises
    ------
    DeliveryFailed
        If it was not acknowledged; it names the image.
    """
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    try:
        try:
            sent = await sender.send_payload(image)
        except RecordTooLarge:  # a topic's limit was lowered since start(): ask again, once
            sender.limits = await loop.run_in_executor(None, limits)
            sent = await sender.send_payload(image)
        safe = time.perf_counter()
        try:
            item = await sender.send_item(sent, image)
        except RecordTooLarge:  # the next send goes by what its topic takes now
            sender.limits = await loop.run_in_executor(None, limits)
            raise
    except DeliveryFailed as error:
        error.image_id = image.identity.image_id
        raise
    ended = time.perf_counter()
    seconds = {
        "identify": identify_s,
        "encode": sent.encode_s,
        "send": safe - started,
        "catalogue": ended - safe,
        "total": identify_s + ended - started,
    }
    return _receipt_for(image.identity, sent, item, seconds)


def _receipt_for(
    identity: ImageIdentity,
    sent: Sent,
    item: tuple[RecordPlace, int],
    seconds: Mapping[str, float],
) -> Receipt:
    """Put it together; `item` is where the catalogue entry lies, and its bytes."""
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
