"""What went wrong with a record, in words that say what to do about it."""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError

from wildfire_bench.errors import DeliveryFailed, DeliveryTimeout, RecordTooLarge

__all__ = ["delivery_error"]

_TIMED_OUT: Final = {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._TIMED_OUT_QUEUE}  # noqa: SLF001 - librdkafka's own names


def delivery_error(error: KafkaError | None, subject: str) -> DeliveryFailed:
    """Put librdkafka's word on a record into ours; `subject` is an image id or a data type."""
    code = None if error is None else error.code()
    if code in _TIMED_OUT:
        msg = f"{subject} was not acknowledged in time; it may be sent again"
        return DeliveryTimeout(msg, image_id=subject)
    if code == KafkaError.MSG_SIZE_TOO_LARGE:
        msg = (
            f"{subject} is larger than its topic takes: compare max.message.bytes with "
            "`wildfire-bench topics describe`"
        )
        return RecordTooLarge(msg, image_id=subject)
    text = "unknown reason" if error is None else error.str()
    msg = f"{subject} was not acknowledged: {text}; it may be sent again"
    return DeliveryFailed(msg, image_id=subject)
