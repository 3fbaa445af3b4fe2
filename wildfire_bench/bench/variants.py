"""What the before/after comparison tells apart: the form of a record and where it is compressed.

The guide's "before" and "after" differ in two things at once, the form (base64 JSON or binary)
and the compression. Here each is changed alone, so that every saving has its cause. "gzip" and
"zstd" mean two things in a Kafka system, and both are measured: the Kafka client compresses the
whole batch (librdkafka; what the guide configures), or the application compresses the value
before it hands it over (Python's zlib and zstandard; what this library does by default). Two more
show what the guide leaves out: a codec that knows pixels (predictive), and what the guide's own
topics cost, where ``compression.type=zstd`` makes the broker compress what is compressed already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import (
    CodecChoice,
    DataType,
    Settings,
    TopicProfileName,
)

__all__ = [
    "ACROSS_SCENES",
    "AFTER",
    "BEFORE",
    "LEVELS",
    "PATHS",
    "VARIANTS",
    "SerializationPath",
    "Variant",
    "client_options_for",
    "settings_for",
    "variant_named",
]

LEVELS = {"gzip": 6, "zstd": 1}
"""zstd 1 is the guide's level for satellite images (section 1), 6 what gzip does unasked."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to carry the same image."""

    name: str
    """Stable; what results are kept under."""
    label: str
    """For people: plots, tables, sentences."""
    form: Literal["json", "binary"]
    compression: Literal["none", "gzip", "zstd", "predictive"]
    compressed_by: Literal["nobody", "application", "client"]
    slow: bool = False
    """Takes seconds an image: measured once a round, the others several times."""
    topics: TopicProfileName = TopicProfileName.TUNED
    """``tuned`` topics keep what they are sent, ``guide`` ones compress it again."""


VARIANTS: tuple[Variant, ...] = (
    Variant("json_none", "JSON", "json", "none", "nobody"),
    Variant("json_gzip_client", "JSON + gzip (client)", "json", "gzip", "client", slow=True),
    Variant("json_zstd_client", "JSON + zstd (client)", "json", "zstd", "client"),
    Variant("binary_none", "binary", "binary", "none", "nobody"),
    Variant("binary_gzip_app", "binary + gzip (app)", "binary", "gzip", "application", slow=True),
    Variant("binary_zstd_client", "binary + zstd (client)", "binary", "zstd", "client"),
    Variant("binary_zstd_app", "binary + zstd (app)", "binary", "zstd", "application"),
    Variant(
        "binary_zstd_guide_topics",
        "binary + zstd, guide's topics",
        "binary",
        "zstd",
        "application",
        topics=TopicProfileName.GUIDE,
    ),
    Variant(
        "binary_predictive_app", "binary + predictive (app)", "binary", "predictive", "application"
    ),
)
"""In the order of the story: from the guide's "before" to this library's default."""

BEFORE = "json_none"
"""The guide's "before": 27 MB are an uncompressed base64 JSON of a 20 MB image."""
AFTER = "binary_zstd_app"
"""The guide's "after" as this library does it by default."""
ACROSS_SCENES = (BEFORE, "json_gzip_client", AFTER, "binary_predictive_app")
"""Sent once with every other kind of scene: what they store and send does not vary."""


def variant_named(name: str) -> Variant:
    """Find a variant.

    Raises
    ------
    InvalidParameter
        If there is none of this name.
    """
    for variant in VARIANTS:
        if variant.name == name:
            return variant
    names = ", ".join(variant.name for variant in VARIANTS)
    msg = f"variant {name!r} is unknown: choose from {names}"
    raise InvalidParameter(msg)


@dataclass(frozen=True, slots=True)
class SerializationPath:
    """One way from image to Kafka value."""

    name: str
    label: str
    codec: str | None
    """Wire name of the codec; None for none."""
    level: int | None = None
    json: bool = False


PATHS: tuple[SerializationPath, ...] = (
    SerializationPath("json", "base64 JSON", None, json=True),
    SerializationPath("json_gzip", "base64 JSON + gzip 6", "gzip", 6, json=True),
    SerializationPath("binary_gzip", "binary + gzip 6", "gzip", 6),
    SerializationPath("binary_zstd3", "binary + zstd 3", "zstd", 3),
    SerializationPath("binary_zstd1", "binary + zstd 1", "zstd", 1),
)
"""Ways from image to Kafka value that the guide's "serialization time" could mean."""


def settings_for(variant: Variant, base: Settings, topic_prefix: str) -> Settings:
    """Make the settings with which the library carries images in this way.

    Parameters
    ----------
    variant
        Which way.
    base
        Where the brokers are, and every setting that the variant leaves alone.
    topic_prefix
        Put before every topic name, so that each variant's bytes lie apart.
    """
    by_us = variant.compression if variant.compressed_by == "application" else "none"
    # The JSON route has its batches compressed by the client, as the rollback of section 9 does.
    configured = variant.compression if variant.form == "json" else by_us
    if configured == "predictive":
        configured = "zstd"  # what replaces zstd in the matrix; the row below names the codec
    producer = base.kafka_producer.model_copy(
        update={
            "enable_binary_serialization": variant.form == "binary",
            "compression_type": configured,
            "compression_level": LEVELS.get(configured, 1),
        }
    )
    row = CodecChoice(codec=by_us, level=LEVELS.get(by_us))
    return base.model_copy(
        update={
            "kafka_producer": producer,
            "compression_matrix": {**base.compression_matrix, DataType.SATELLITE_IMAGERY: row},
            "topic_profile": variant.topics,
            "topic_prefix": topic_prefix,
        }
    )


def client_options_for(variant: Variant) -> dict[str, str | int]:
    """Give librdkafka's settings that `Settings` has no place for."""
    if variant.form == "binary" and variant.compressed_by == "client":
        level = LEVELS[variant.compression]
        return {"compression.type": variant.compression, "compression.level": level}
    return {}
