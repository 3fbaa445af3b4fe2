"""Small records that meet their schemas, one of each kind."""

from __future__ import annotations

from typing import Any

from wildfire_bench.settings import DataType

ALERT: dict[str, Any] = {
    "alert_id": "butte-2025-0001",
    "timestamp": "2025-10-13T10:00:00Z",
    "severity": "warning",
    "event": "fire_detected",
    "location": {"lat": 39.7596, "lon": -121.6219},
}
READING: dict[str, Any] = {
    "station_id": "KOVE",
    "timestamp": "2025-10-13T10:00:00Z",
    "readings": {"temperature_c": 31.5, "relative_humidity_percent": 12, "wind_gust_m_s": None},
}
DETECTION: dict[str, Any] = {
    "latitude": 31.3283,
    "longitude": -93.92654,
    "brightness": 303.7,
    "acq_date": "2025-06-01",
    "acq_time": "0306",
    "satellite": "Terra",
    "instrument": "MODIS",
    "confidence": 56,
    "frp": 7.09,
    "daynight": "N",
}
FIELD: dict[str, Any] = {
    "variable": "air_temperature",
    "unit": "K",
    "valid_time": "2009-11-19T10:00:00Z",
    "grid": {"rows": 2, "columns": 2},
    "values": [280.5, 281.0, None, 279.25],
}
EXAMPLES = {
    DataType.CRITICAL_ALERTS: ALERT,
    DataType.IOT_SENSORS: READING,
    DataType.NASA_FIRMS: DETECTION,
    DataType.WEATHER_BULK: FIELD,
}


def reading(number: int, **changes: Any) -> dict[str, Any]:
    """A sensor reading that can be told from others."""
    return {**READING, "readings": {"number": number}, **changes}
