"""What a producer has to know of topics and brokers before it sends."""

from __future__ import annotations

from dataclasses import dataclass

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.routing import CarryingLimits

__all__ = ["SendLimits", "read_send_limits"]


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Largest records by topic, in bytes."""

    carrying: CarryingLimits
    json_record_bytes: int


def read_send_limits(settings: Settings) -> SendLimits:
    open_admin(settings)
    return SendLimits(CarryingLimits(20971520, 10485760, settings.s3.configured), 52428800)
