"""How much of each lane is measured, and with which codecs: the named profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import CodecChoice, DataType, Settings

__all__ = [
    "PROFILES",
    "VARIANTS",
    "LaneLoad",
    "MatrixWorkload",
    "Variant",
    "matrix_workload",
    "settings_of",
]

Variant = str
VARIANTS: Mapping[Variant, str] = {
    "none": "no compression",
    "gzip": "gzip 6",
    "zstd": "zstd at the guide's level",
}
"""What every lane is measured with, and how it is called. Alerts, which the guide sends
uncompressed, have zstd 3 here: its default level."""
GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class LaneLoad:
    """What is sent in one round of a lane."""

    records: int
    per_s: float | None
    """Rate of single records; None for a burst."""


@dataclass(frozen=True, slots=True)
class MatrixWorkload:
    """What one run does."""

    profile: str
    rounds: int
    loads: Mapping[DataType, LaneLoad]
    alerts: int
    """Alerts in each turn of the last part."""
    alert_turns: int
    """Times that alerts are measured alone and beside images."""
    alerts_per_s: float
    image_bytes: int
    warm_up: bool = True
    """Whether a round comes first that is not kept."""
    seed: int = 20251013


def _loads(alerts: int, readings: int, detections: int, fields: int) -> dict[DataType, LaneLoad]:
    return {
        DataType.CRITICAL_ALERTS: LaneLoad(alerts, 200),
        DataType.IOT_SENSORS: LaneLoad(readings, 500),
        DataType.NASA_FIRMS: LaneLoad(detections, None),
        DataType.WEATHER_BULK: LaneLoad(fields, None),
    }


PROFILES: Mapping[str, MatrixWorkload] = {
    "smoke": MatrixWorkload("smoke", 1, _loads(20, 50, 200, 2), 100, 1, 200, 4_000_000, False),
    "quick": MatrixWorkload("quick", 7, _loads(100, 400, 2_000, 8), 1_000, 2, 200, 20_000_000),
    "full": MatrixWorkload("full", 20, _loads(100, 400, 2_000, 8), 2_000, 5, 200, 20_000_000),
}
"""``smoke``: seconds, for tests. ``quick``: two minutes on 2 cores; 2,000 alerts beside images.
``full``: about 6 minutes; 10,000 alerts."""


def matrix_workload(profile: str) -> MatrixWorkload:
    """Find a profile.

    Raises
    ------
    InvalidParameter
        If there is none of this name.
    """
    if profile not in PROFILES:
        msg = f"profile {profile!r} is unknown: choose {', '.join(PROFILES)}"
        raise InvalidParameter(msg)
    return PROFILES[profile]


def settings_of(variant: Variant, base: Settings, run_id: str) -> Settings:
    """Make the settings in which every lane has the codec of a variant."""
    matrix = dict(base.compression_matrix)
    for data_type, row in matrix.items():
        if variant == "none":
            matrix[data_type] = CodecChoice(codec="none")
        elif variant == "gzip":
            matrix[data_type] = CodecChoice(codec="gzip", level=GZIP_LEVEL)
        elif row.codec == "none":
            level = base.kafka_producer.compression_level
            matrix[data_type] = CodecChoice(codec="zstd", level=level)
    return base.model_copy(
        update={"compression_matrix": matrix, "topic_prefix": f"{run_id}-{variant}."}
    )
