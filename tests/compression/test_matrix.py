"""The compression matrix of the guide, its rollback and its fallback."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wildfire_bench.compression import choose_codec
from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import CodecChoice, DataType, ProducerSettings, Settings

GUIDE = {
    DataType.CRITICAL_ALERTS: ("stored", None),
    DataType.IOT_SENSORS: ("zstd", 1),
    DataType.NASA_FIRMS: ("zstd", 3),
    DataType.WEATHER_BULK: ("zstd", 6),
    DataType.SATELLITE_IMAGERY: ("zstd", 1),
}

WITHOUT_ZSTANDARD = """
import sys
sys.modules["zstandard"] = None
from wildfire_bench.compression import choose_codec, codec_names
from wildfire_bench.settings import DataType, Settings
assert "zstd" not in codec_names(), codec_names()
for data_type in DataType:
    codec = choose_codec(data_type, Settings())
    print(data_type, codec.name, codec.level)
"""


def chosen(data_type: DataType, settings: Settings) -> tuple[str, int | None]:
    codec = choose_codec(data_type, settings)
    return codec.name, codec.level


def with_row(**row: object) -> Settings:
    return Settings(compression_matrix={DataType.WEATHER_BULK: CodecChoice(**row)})


@pytest.mark.parametrize("data_type", DataType)
def test_the_default_is_the_table_of_the_guide(data_type):
    assert chosen(data_type, Settings()) == GUIDE[data_type]


@pytest.mark.parametrize("data_type", DataType)
def test_one_setting_rolls_zstd_back_to_gzip(data_type):
    settings = Settings(kafka_producer=ProducerSettings(compression_type="gzip"))
    name, level = GUIDE[data_type]
    assert chosen(data_type, settings) == ("gzip" if name == "zstd" else name, level)


def test_compression_type_none_stores_everything():
    settings = Settings(kafka_producer=ProducerSettings(compression_type="none"))
    assert {choose_codec(row, settings).name for row in DataType} == {"stored"}


def test_a_level_beyond_gzip_is_clamped_on_rollback():
    settings = with_row(codec="zstd", level=19).model_copy(
        update={"kafka_producer": ProducerSettings(compression_type="gzip")}
    )
    assert chosen(DataType.WEATHER_BULK, settings) == ("gzip", 9)


def test_a_zstd_row_without_level_takes_the_producer_level():
    assert chosen(DataType.WEATHER_BULK, with_row(codec="zstd")) == ("zstd", 3)


def test_a_row_may_name_any_codec():
    assert chosen(DataType.WEATHER_BULK, with_row(codec="gzip", level=2)) == ("gzip", 2)


def test_an_unknown_codec_is_refused():
    with pytest.raises(SettingsError, match="unknown"):
        choose_codec(DataType.WEATHER_BULK, with_row(codec="brotli"))


def test_a_level_that_the_codec_lacks_is_refused():
    with pytest.raises(SettingsError, match="level"):
        choose_codec(DataType.WEATHER_BULK, with_row(codec="stored", level=15))


@pytest.fixture(scope="module")
def run_without_zstandard():
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_ZSTANDARD], capture_output=True, text=True, check=True
    )


def test_without_zstandard_gzip_takes_its_place(run_without_zstandard):
    assert run_without_zstandard.stdout.splitlines() == [
        "critical_alerts stored None",
        "iot_sensors gzip 1",
        "nasa_firms gzip 3",
        "weather_bulk gzip 6",
        "satellite_imagery gzip 1",
    ]


def test_without_zstandard_one_warning_says_so(run_without_zstandard):
    assert run_without_zstandard.stderr.count("install zstandard") == 1
