"""The guide's numbers on before and after, verbatim, and what of a run each is held against.

From the guide's overview and its section 6. A claim names its comparisons: the first is what the
guide's words say; the others are what they could mean, each with the words that would make it so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CLAIMS", "Claim", "Comparison", "Quantity"]

Quantity = Literal["stored_mb", "wire_mb", "end_to_end_ms", "serialization_ms", "cpu_s_per_gb"]
"""What a run can measure, with its unit in its name; megabytes are 1,000,000 bytes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which measured values a claim is held against."""

    after: str
    """Variant or serialization path."""
    before: str | None = None
    """The same; None where the claim is a value and no reduction."""
    when: str = ""
    """The words that make it so; empty for what the guide's own words say."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One number of the guide."""

    name: str
    section: str
    words: str
    """As the guide has it."""
    quantity: Quantity | None
    """None where this run measures nothing of the kind."""
    low: float = 0.0
    """Least that the words promise: percent of a reduction, or a value in the quantity's unit."""
    high: float = 0.0
    comparisons: tuple[Comparison, ...] = ()
    unmeasured: str = ""
    """Why not, where it is not measured here."""

    @property
    def is_reduction(self) -> bool:
        """Whether it says how much less, and not how much."""
        return any(comparison.before for comparison in self.comparisons)


_STORED_OR_SENT = (
    Comparison("binary_zstd_app", "json_none"),
    Comparison("binary_zstd_app", "json_gzip_client", "against gzipped JSON"),
)
_SERIALIZED = (
    Comparison("binary_zstd1", "json"),
    Comparison("binary_zstd3", "json", "with zstd level 3"),
    Comparison("binary_zstd1", "json_gzip", "if the JSON before was also gzipped"),
)

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "storage_overview",
        "Overview",
        "70-80% reduction in Kafka storage for satellite images",
        "stored_mb",
        70,
        80,
        _STORED_OR_SENT,
    ),
    Claim("storage", "Section 6", "80% storage reduction", "stored_mb", 80, 80, _STORED_OR_SENT),
    Claim(
        "network_overview",
        "Overview",
        "50-60% reduction in network traffic",
        "wire_mb",
        50,
        60,
        _STORED_OR_SENT,
    ),
    Claim("network", "Section 6", "80% less network traffic", "wire_mb", 80, 80, _STORED_OR_SENT),
    Claim(
        "latency",
        "Overview",
        "20-40% reduction in latency through zstd compression",
        "end_to_end_ms",
        20,
        40,
        (
            Comparison("binary_zstd_app", "binary_gzip_app"),
            Comparison(
                "json_zstd_client", "json_gzip_client", "with JSON compressed by librdkafka"
            ),
        ),
    ),
    Claim(
        "serialization",
        "Section 6",
        "86% faster serialization",
        "serialization_ms",
        86,
        86,
        _SERIALIZED,
    ),
    Claim(
        "cpu",
        "Section 6",
        "65% lower CPU usage",
        "cpu_s_per_gb",
        65,
        65,
        (
            Comparison("binary_zstd_app", "json_none"),
            Comparison("binary_zstd_app", "json_gzip_client", "against gzipped JSON"),
        ),
    ),
    Claim(
        "before_size",
        "Section 6, before",
        "Image size in Kafka: 27MB (base64 JSON encoded 20MB TIFF)",
        "stored_mb",
        27,
        27,
        (Comparison("json_none"),),
    ),
    Claim(
        "before_serialization",
        "Section 6, before",
        "Serialization time: 850ms",
        "serialization_ms",
        850,
        850,
        (Comparison("json"), Comparison("json_gzip", when="if the JSON is also gzipped")),
    ),
    Claim(
        "before_network",
        "Section 6, before",
        "Network transfer: 27MB per image",
        "wire_mb",
        27,
        27,
        (Comparison("json_none"),),
    ),
    Claim(
        "after_size",
        "Section 6, after",
        "Image size in Kafka: 5.4MB (binary + zstd compression)",
        "stored_mb",
        5.4,
        5.4,
        (Comparison("binary_zstd_app"), Comparison("binary_zstd_client", when="by the client")),
    ),
    Claim(
        "after_serialization",
        "Section 6, after",
        "Serialization time: 120ms",
        "serialization_ms",
        120,
        120,
        (Comparison("binary_zstd1"), Comparison("binary_zstd3", when="with zstd level 3")),
    ),
    Claim(
        "after_network",
        "Section 6, after",
        "Network transfer: 5.4MB per image",
        "wire_mb",
        5.4,
        5.4,
        (Comparison("binary_zstd_app"), Comparison("binary_zstd_client", when="by the client")),
    ),
    Claim(
        "large_images",
        "Overview",
        "Support for images up to 100MB (previously limited to 10MB)",
        None,
        unmeasured="this comparison carries one 20 MB image, which goes directly",
    ),
)
