"""What a thread of the consumer's pool does with an image that is one record."""

from __future__ import annotations

import time

from wildfire_bench.streaming.model import Envelope
from wildfire_bench.streaming.receiving.inbound import InboundImage
from wildfire_bench.streaming.receiving.whole_record import decode_json_record, decode_whole
from wildfire_bench.streaming.recycled_memory import RecycledMemory

__all__ = ["decode_direct", "decode_json"]


def decode_direct(
    envelope: Envelope, value: bytes, memory: RecycledMemory, image: InboundImage
) -> memoryview:
    """Decode a direct record into memory of earlier images; raises as `decode_whole`."""
    started = time.perf_counter()
    data = memory.take(envelope.identity.size_bytes)
    decode_whole(envelope, value, data)
    image.seconds["decode"] = time.perf_counter() - started
    image.metadata = dict(envelope.metadata or {})
    return data.toreadonly()


def decode_json(envelope: Envelope, value: bytes, image: InboundImage) -> memoryview:
    """Decode a record of base64 JSON; raises as `decode_json_record`."""
    started = time.perf_counter()
    data, image.metadata = decode_json_record(envelope, value)
    image.seconds["decode"] = time.perf_counter() - started
    return memoryview(data)
