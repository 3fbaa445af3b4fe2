from shutil import copy

import pytest

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.workloads.drivers import (
    AFTER,
    BEFORE,
    ROUTE_DRIVERS,
    client_options_for,
    driver_names,
    drivers_named,
    read_driver,
    settings_for,
)
from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.model import Route
from wildfire_bench.streaming.routing import CarryingLimits, choose_route

DRIVERS = drivers_named(driver_names())
BINARY = [driver for driver in DRIVERS if driver.form == "binary"]
OWN = """label: mine
form: binary
compression: zstd
level: 3
compressed_by: application
"""


def every(drivers):
    return pytest.mark.parametrize("driver", drivers, ids=lambda driver: driver.name)


@every(DRIVERS)
def test_form_is_what_the_settings_ask_for(driver):
    producer = settings_for(driver, Settings(), "p-").kafka_producer
    assert producer.enable_binary_serialization is (driver.form == "binary")


@every(BINARY)
def test_the_application_compresses_only_where_the_driver_says_so(driver):
    codec = choose_codec(DataType.SATELLITE_IMAGERY, settings_for(driver, Settings(), "p-"))
    expected = driver.compression if driver.compressed_by == "application" else "stored"
    assert codec.name == expected


@every(DRIVERS)
def test_only_one_side_compresses_at_a_time(driver):
    by_client = bool(client_options_for(driver))
    assert by_client is (driver.form == "binary" and driver.compressed_by == "client")


@pytest.mark.parametrize("name", ROUTE_DRIVERS)
@pytest.mark.parametrize("size_bytes", [1_000_000, 150_000_000])
def test_a_route_driver_takes_its_route_at_every_size(name, size_bytes):
    limits = CarryingLimits(
        direct_record_bytes=200_000_000, chunk_record_bytes=10_485_760, object_store=True
    )
    routing = settings_for(read_driver(name), Settings(), "p-").routing
    assert choose_route(size_bytes, routing, limits).route is Route(name.removeprefix("route_"))


def test_before_and_after_are_drivers():
    assert {read_driver(BEFORE).form, read_driver(AFTER).form} == {"json", "binary"}


def test_an_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(InvalidParameter, match="json_none"):
        read_driver("xml")


def test_a_file_of_ones_own_is_a_driver_with_the_files_name(tmp_path):
    (tmp_path / "zstd3.yaml").write_text(OWN)
    driver = read_driver(str(tmp_path / "zstd3.yaml"))
    assert (driver.name, driver.level) == ("zstd3", 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("label: mine\n", ""), "own.yaml: label: must be given"),
        (
            ("level: 3", "levle: 3"),
            "own.yaml: levle: .* did you mean level. the keys are label, form",
        ),
        (("level: 3", "level: three"), "own.yaml: level: must be a whole number, not 'three'"),
        (("binary", "xml"), "own.yaml: form: must be 'json' or 'binary', not 'xml'"),
        (("application", "nobody"), "compressed_by is nobody if, and only if"),
        (("zstd", "snappy"), "own.yaml: .*'snappy'"),
        (("application", "client\nclient_options: {linger.ms: [1]}"), "client_options.linger.ms"),
        (("level: 3\ncompressed_by: application", "level: 13\ncompressed_by: client"), "1 to 12"),
        (("label: mine", "name: other"), "no name: that is the file's own"),
        (("label: mine", "label: [mine"), "is no YAML"),
        (("label: mine", "label: 2026-13-45"), "is no YAML: month must be in 1..12"),
        (("level: 3", f"level: {'9' * 6_000}"), "is no YAML: Exceeds the limit"),
        (("level: 3", f"level: {'[' * 2_000}"), "is no YAML: maximum recursion"),
        (("level: 3", "level: 3\nlevel: 9"), "level is there twice"),
        (("level: 3", "chunk_bytes: 10"), "chunk_bytes: must be greater than"),
        (("level: 3", "max_image_bytes: -1"), "max_image_bytes: must be greater than"),
        (
            ("zstd\nlevel: 3\ncompressed_by: application", "none\nlevel: 3\ncompressed_by: nobody"),
            "level is of a codec",
        ),
    ],
)
def test_a_mistake_in_a_file_is_named_in_one_line(tmp_path, change, said):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(*change))
    with pytest.raises(InvalidParameter, match=said) as refused:
        read_driver(str(path))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidParameter, match="cannot be read"):
        read_driver(str(tmp_path / "none.yaml"))


def test_a_file_cannot_pass_for_a_driver_of_the_package(tmp_path):
    (tmp_path / "json_none.yaml").write_text(OWN)
    with pytest.raises(InvalidParameter, match="rename the file"):
        read_driver(str(tmp_path / "json_none.yaml"))


def test_a_copy_of_a_driver_of_the_package_is_that_driver(tmp_path):
    copy(data_file("drivers") / "json_none.yaml", tmp_path)
    assert read_driver(str(tmp_path / "json_none.yaml")) == read_driver("json_none")


def test_a_name_that_no_topic_can_have_is_refused(tmp_path):
    (tmp_path / "my driver.yaml").write_text(OWN)
    with pytest.raises(InvalidParameter, match="name: must match"):
        read_driver(str(tmp_path / "my driver.yaml"))


def test_two_drivers_of_one_name_are_refused_for_their_samples_would_mix():
    with pytest.raises(InvalidParameter, match="'json_none' is there twice"):
        drivers_named(["json_none", "binary_none", "json_none"])
