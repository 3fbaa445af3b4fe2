"""Drivers: the ways to carry an image that a workload compares, each a file of its own.

The guide's "before" and "after" differ in two things at once, the form (base64 JSON or binary)
and the compression. The drivers in ``data/drivers`` change one at a time, so that every saving has
its cause. "gzip" and "zstd" mean two things in a Kafka system, and there are drivers for both: the
Kafka client compresses the whole batch (librdkafka; what the guide configures), or the application
compresses the value before it hands it over (Python's zlib and zstandard; what this library does
by default). Others show what the guide leaves out: a codec that knows pixels (predictive), what its
own topics cost, and each route at sizes where another would be taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, with_config

from wildfire_bench.bench.workloads.yaml_files import read_named, shipped_names
from wildfire_bench.compression import encoder
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import (
    MB,
    CodecChoice,
    DataType,
    RoutingSettings,
    Settings,
    TopicProfileName,
)
from wildfire_bench.streaming.routing import MIN_CHUNK_BYTES

__all__ = [
    "ACROSS_SCENES",
    "AFTER",
    "BEFORE",
    "ROUTE_DRIVERS",
    "Driver",
    "client_options_for",
    "driver_labels",
    "driver_names",
    "drivers_named",
    "read_driver",
    "settings_for",
]

FOLDER = "drivers"
BEFORE = "json_none"
"""The guide's "before": 27 MB are an uncompressed base64 JSON of a 20 MB image."""
AFTER = "binary_zstd_app"
"""The guide's "after" as this library does it by default."""
ACROSS_SCENES = (BEFORE, "json_gzip_client", AFTER, "binary_predictive_app")
"""Sent once with every other kind of scene: what they store and send does not vary."""
ROUTE_DRIVERS = ("route_direct", "route_chunked", "route_reference")
"""In the order of the sizes that the guide sends by them."""
_CLIENT_LEVELS: Final = {"gzip": 9, "zstd": 12}
"""Highest level that librdkafka takes."""


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Driver:
    """One way to carry an image."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Stable; what results are kept under, and a part of topic names. That of its file."""
    label: str
    """For people: plots, tables, sentences."""
    form: Literal["json", "binary"]
    compression: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
    """Wire name of a codec, or ``none``."""
    compressed_by: Literal["nobody", "application", "client"]
    slow: bool = False
    """Takes seconds an image: sends one a round, the others several."""
    topics: TopicProfileName = TopicProfileName.TUNED
    """``tuned`` topics keep what they are sent, ``guide`` ones compress it again."""
    level: int | None = None
    """Of the codec; None for its default."""
    route: Literal["by_size", "direct", "chunked", "reference"] = "by_size"
    """``by_size``: by the thresholds in force; else always this one."""
    chunk_bytes: Annotated[int, Field(ge=MIN_CHUNK_BYTES, le=64 * MB)] | None = None
    """Raw bytes of a chunk; None for the settings'."""
    max_image_bytes: Annotated[int, Field(ge=1)] | None = None
    """Largest image that it can carry in its way; None for any."""
    client_options: dict[str, str | int] = field(default_factory=dict)
    """More of librdkafka's settings for the producer."""

    def __post_init__(self) -> None:
        if (self.compression == "none") != (self.compressed_by == "nobody"):
            msg = "compressed_by is nobody if, and only if, compression is none"
            raise ValueError(msg)
        if self.compression == "none" and self.level is not None:
            msg = "level is of a codec, and compression is none"
            raise ValueError(msg)
        if self.compressed_by == "application":
            encoder(self.compression, self.level)  # refused here, not in a producer's process
        elif self.compressed_by == "client":
            highest = _CLIENT_LEVELS.get(self.compression)
            if highest is None or not 1 <= (self.level or 1) <= highest:
                msg = "the Kafka client knows gzip with level 1 to 9 and zstd with 1 to 12"
                raise ValueError(msg)
        if self.form == "json" and (self.compressed_by == "application" or self.route != "by_size"):
            msg = "JSON is one record, which only the client compresses"
            raise ValueError(msg)

    def carries(self, size_bytes: int) -> bool:
        """Whether an image of this size goes its way."""
        return self.max_image_bytes is None or size_bytes <= self.max_image_bytes

    @property
    def needs_store(self) -> bool:
        """Whether it cannot do without an object store."""
        return self.route == "reference"


def driver_names() -> tuple[str, ...]:
    """List the drivers that come with the package, sorted."""
    return shipped_names(FOLDER)


def read_driver(name: str) -> Driver:
    """Read a driver: one of the package's by its name, or a YAML file by its path.

    Raises
    ------
    InvalidParameter
        If there is none, or it holds a mistake; names field and cause in one line. Also if a file
        has the name of a driver of the package and is another: claims go by these names.
    """
    driver = read_named(Driver, FOLDER, name)
    of_the_package = driver.name != name and driver.name in driver_names()
    if of_the_package and driver != read_named(Driver, FOLDER, driver.name):
        msg = f"{name} has the name of a driver of the package and differs: rename the file"
        raise InvalidParameter(msg)
    return driver


def drivers_named(names: Sequence[str]) -> tuple[Driver, ...]:
    """Read several; raises what `read_driver` raises, also if two have one name."""
    found = tuple(read_driver(name) for name in names)
    twice = next((name for name, n in Counter(d.name for d in found).items() if n > 1), None)
    if twice is not None:
        msg = f"driver {twice!r} is there twice, and samples are kept by name: give it once"
        raise InvalidParameter(msg)
    return found


def driver_labels() -> dict[str, str]:
    """Give the label of every driver of the package by its name."""
    return dict(_labels())


def settings_for(driver: Driver, base: Settings, topic_prefix: str) -> Settings:
    """Make the settings with which the library carries images in this way.

    Parameters
    ----------
    driver
        Which way.
    base
        Where the brokers are, and every setting that the driver leaves alone.
    topic_prefix
        Put before every topic name, so that each driver's bytes lie apart.
    """
    by_us = driver.compression if driver.compressed_by == "application" else "none"
    # The JSON route has its batches compressed by the client, as the rollback of section 9 does.
    # Any codec but gzip and none leaves zstd in force: the row below names it.
    configured = driver.compression if driver.form == "json" else by_us
    configured = configured if configured in {"none", "gzip"} else "zstd"
    producer = base.kafka_producer.model_copy(
        update={
            "enable_binary_serialization": driver.form == "binary",
            "compression_type": configured,
            "compression_level": driver.level or 1,
        }
    )
    row = CodecChoice(codec=by_us, level=None if by_us == "none" else driver.level)
    return base.model_copy(
        update={
            "kafka_producer": producer,
            "compression_matrix": {**base.compression_matrix, DataType.SATELLITE_IMAGERY: row},
            "topic_profile": driver.topics,
            "topic_prefix": topic_prefix,
            "routing": _routing(driver, base.routing),
        }
    )


def client_options_for(driver: Driver) -> dict[str, str | int]:
    """Give librdkafka's settings that `Settings` has no place for."""
    if driver.form == "json" or driver.compressed_by != "client":
        return dict(driver.client_options)
    level = {} if driver.level is None else {"compression.level": driver.level}
    return {"compression.type": driver.compression, **level, **driver.client_options}


@cache
def _labels() -> tuple[tuple[str, str], ...]:
    return tuple((name, read_driver(name).label) for name in driver_names())


def _routing(driver: Driver, base: RoutingSettings) -> RoutingSettings:
    """Set the thresholds so that every image takes the driver's route."""
    largest = 4_000 * MB
    thresholds = {
        "by_size": (base.direct_max_bytes, base.chunked_max_bytes, base.max_image_bytes),
        "direct": (largest, largest, largest),
        "chunked": (1, largest, largest),
        "reference": (1, 1, largest),
    }
    direct, chunked, any_route = thresholds[driver.route]
    return RoutingSettings(
        direct_max_bytes=direct,
        chunked_max_bytes=chunked,
        max_image_bytes=any_route,
        chunk_bytes=driver.chunk_bytes or base.chunk_bytes,
    )
