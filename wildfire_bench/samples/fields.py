"""Real weather fields: the model output of iris-sample-data, read from Met Office PP files.

A PP file is a run of Fortran records, big-endian, each between two copies of its length: a header
of 64 words (45 integers, 19 reals), then the field. Only what is unpacked and real is read here,
which all files named below are. The words' meaning: Unified Model Documentation Paper F3.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from wildfire_bench.errors import SampleUnavailable
from wildfire_bench.samples.scenes import SourceFile, checked_path

__all__ = [
    "FIELDS_PROVENANCE",
    "WeatherField",
    "weather_fields",
    "weather_records",
]

FIELDS_PROVENANCE: Final = (
    "iris-sample-data 2.5.2 (Open Government Licence): 22 fields of uk_hires.pp (204 by 187) and "
    "18 of GloSea4 (145 by 192), Met Office model output, 32-bit floats"
)
_FOLDER = "iris_sample_data/sample_data/"
_FILES: Final = tuple(
    SourceFile(_FOLDER + name, sha256)
    for name, sha256 in (
        ("uk_hires.pp", "40aa43f27a78f78dfa5be79bbf929033b5d4dd77b36ff47f56eb8dd848d0f020"),
        (
            "GloSea4/ensemble_001.pp",
            "d4832480fcef3986579c88a057e532a4d2b1dc66790dcd6295381376c8ff512f",
        ),
        (
            "GloSea4/ensemble_002.pp",
            "170de7de2b3042fc0af1152cad03bd8250e1749c6f90ac1a6c5dc84b53d49edc",
        ),
        (
            "GloSea4/ensemble_003.pp",
            "ce31d8a34cf93199c0614a2828a072f6f25a1f0a753dd6ce21fdef4ae6746d4f",
        ),
    )
)
_STASH: Final = {
    4: ("air_potential_temperature", "K"),
    24: ("surface_temperature", "K"),
    33: ("surface_altitude", "m"),
}
_HEADER_BYTES = 256
_INTEGERS, _REALS = 45, 19


@dataclass(frozen=True, slots=True)
class WeatherField:
    """One quantity on one grid at one time."""

    variable: str
    unit: str
    model: str
    valid_time: str
    level: int
    """As the model numbers its levels."""
    missing: float
    """Value that stands for none."""
    values: npt.NDArray[np.float32]
    """Rows and columns."""

    def as_bytes(self) -> bytes:
        """The values alone, 32-bit little-endian floats, row by row."""
        return self.values.astype("<f4").tobytes()

    def record(self, form: Literal["grid", "base64"] = "grid") -> dict[str, Any]:
        """As a record of the weather lane; numbers with as many digits as 32 bits need."""
        rows, columns = self.values.shape
        record: dict[str, Any] = {
            "variable": self.variable,
            "unit": self.unit,
            "model": self.model,
            "valid_time": self.valid_time,
            "level": self.level,
            "grid": {"rows": rows, "columns": columns},
        }
        if form == "base64":
            return {
                **record,
                "values_base64": base64.b64encode(self.as_bytes()).decode("ascii"),
                "dtype": "<f4",
            }
        flat = self.values.ravel()
        return {
            **record,
            "values": [None if each == self.missing else float(str(each)) for each in flat],
        }


@cache
def weather_fields() -> tuple[WeatherField, ...]:
    """All fields.

    Raises
    ------
    SampleUnavailable
        If iris-sample-data is not installed or has other files than expected.
    """
    paths = [checked_path("weather fields", "iris-sample-data", file) for file in _FILES]
    return tuple(field for path in paths for field in _read(path))


@cache
def weather_records() -> tuple[dict[str, Any], ...]:
    """All fields as JSON grids."""
    return tuple(field.record() for field in weather_fields())


def _read(path: Path) -> Iterator[WeatherField]:
    data = path.read_bytes()
    position = 0
    while position < len(data):
        header, position = _fortran_record(data, position, path)
        body, position = _fortran_record(data, position, path)
        if len(header) != _HEADER_BYTES:
            msg = f"{path} has a PP header of {len(header)} bytes, not {_HEADER_BYTES}"
            raise SampleUnavailable(msg)
        words = np.frombuffer(header, ">i4", _INTEGERS)
        reals = np.frombuffer(header, ">f4", _REALS, 4 * _INTEGERS)
        year, month, day, hour, minute = (int(word) for word in words[:5])
        rows, columns, stash = int(words[17]), int(words[18]), int(words[41])
        variable, unit = _STASH[stash]
        yield WeatherField(
            variable=variable,
            unit=unit,
            model=path.stem,
            valid_time=f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z",
            level=int(words[32]),
            missing=float(reals[17]),
            values=np.frombuffer(body, ">f4", rows * columns).reshape(rows, columns),
        )


def _fortran_record(data: bytes, position: int, path: Path) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">i", data, position)
    end = position + 4 + length
    if length < 0 or end + 4 > len(data):
        msg = f"{path} ends within a record of {length} bytes"
        raise SampleUnavailable(msg)
    return data[position + 4 : end], end + 4
