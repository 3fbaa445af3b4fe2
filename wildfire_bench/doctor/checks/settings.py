"""Whether the settings can be used, and what in them looks unintended."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pydantic import BaseModel, SecretStr

from wildfire_bench.doctor.check import Finding, check, fail, ok, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import Settings, TopicProfileName
from wildfire_bench.settings_environment import near_misses
from wildfire_bench.settings_sources import DEFAULT, LoadedSettings
from wildfire_bench.streaming.topics import BINARY_TOPIC_MAX_BYTES

__all__: list[str] = []

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


@check("settings.valid", "whether every setting has a name and a value that exist")
def valid(surroundings: Surroundings) -> Finding:
    """Load them; what is wrong with one is told as the other commands tell it."""
    try:
        loaded = surroundings.loaded
    except SettingsError as error:
        return fail(str(error), "correct it; docs/streaming_config.yaml has every setting")
    kinds = Counter(_kind(origin) for origin in loaded.origins.values())
    counts = ", ".join(f"{count} from {kind}" for kind, count in sorted(kinds.items()))
    return ok(f"{len(loaded.origins)} settings: {counts}")


@check("settings.environment", "environment variables that are named almost like a setting")
def environment(_surroundings: Surroundings) -> Finding:
    """Name variables that nothing reads."""
    found = near_misses(os.environ)
    if found:
        return warn(
            f"{len(found)} that nothing reads", "unset or rename it: docs/operations.md", *found
        )
    return ok("none")


@check("settings.unintended", "values that are allowed and hardly meant", needs=("settings.valid",))
def unintended(surroundings: Surroundings) -> Finding:
    """Name each that is at odds with another, or with what it is for."""
    loaded = surroundings.loaded
    oddities = [oddity for look in _ODDITIES if (oddity := look(loaded.settings))]
    oddities += _secrets_in_files(loaded)
    if oddities:
        text = f"{len(oddities)} to look at"
        return warn(text, "wildfire-bench settings shows where each comes from", *oddities)
    return ok("none")


def _kind(origin: str) -> str:
    if origin == DEFAULT:
        return "defaults"
    if origin.startswith("running stack"):
        return "the running stack"
    return origin.partition(" ")[0].partition(":")[0]


def _rolled_back(settings: Settings) -> str | None:
    if settings.kafka_producer.enable_binary_serialization:
        return None
    return (
        "kafka_producer.enable_binary_serialization is off: images go as base64 JSON, the rollback"
    )


def _guide_profile(settings: Settings) -> str | None:
    if settings.topic_profile is TopicProfileName.TUNED:
        return None
    return "topic_profile is guide: brokers compress images a second time, which tuned avoids"


def _direct_above_topic(settings: Settings) -> str | None:
    limit = settings.routing.direct_max_bytes
    if limit <= BINARY_TOPIC_MAX_BYTES:
        return None
    return (
        f"routing.direct_max_bytes is {limit:,}, and the binary topic takes "
        f"{BINARY_TOPIC_MAX_BYTES:,}: larger images go in chunks unless they shrink"
    )


def _times_out_early(settings: Settings) -> str | None:
    reassembly_s = settings.kafka_consumer.reassembly_timeout_s
    delivery_s = settings.kafka_producer.delivery_timeout_s
    if reassembly_s >= delivery_s:
        return None
    return (
        f"kafka_consumer.reassembly_timeout_s is {reassembly_s:g}, shorter than "
        f"kafka_producer.delivery_timeout_s of {delivery_s:g}: images still being sent are given up"
    )


def _little_memory(settings: Settings) -> str | None:
    memory, largest = settings.kafka_consumer.memory_bytes, settings.routing.chunked_max_bytes
    if memory >= largest:
        return None
    return (
        f"kafka_consumer.memory_bytes is {memory:,}, less than one image in chunks of "
        f"{largest:,} (routing.chunked_max_bytes): such images always spill to files"
    )


def _unused_sasl(settings: Settings) -> str | None:
    kafka = settings.kafka
    if kafka.security_protocol.startswith("SASL") or not (
        kafka.sasl_username or kafka.sasl_mechanism
    ):
        return None
    return f"kafka.sasl_* is set and kafka.security_protocol {kafka.security_protocol} ignores it"


def _password_in_the_clear(settings: Settings) -> str | None:
    kafka = settings.kafka
    if kafka.security_protocol != "SASL_PLAINTEXT" or kafka.sasl_mechanism != "PLAIN":
        return None
    return "kafka.sasl_password travels readable: use SASL_SSL, or a SCRAM mechanism"


def _store_in_the_clear(settings: Settings) -> str | None:
    endpoint, secure = settings.s3.endpoint or "", settings.s3.secure
    if "://" in endpoint:
        secure = endpoint.startswith("https://")
    host = endpoint.rpartition("@")[2].partition("://")[2] or endpoint.rpartition("@")[2]
    if not endpoint or secure or host.startswith(LOOPBACK):
        return None
    return "s3.endpoint is reached without TLS: images and signed requests can be read on the way"


_ODDITIES: tuple[Callable[[Settings], str | None], ...] = (
    _rolled_back,
    _guide_profile,
    _direct_above_topic,
    _times_out_early,
    _little_memory,
    _unused_sasl,
    _password_in_the_clear,
    _store_in_the_clear,
)


def _secrets_in_files(loaded: LoadedSettings) -> list[str]:
    origins: Mapping[str, str] = loaded.origins
    return [
        f"{key} lies in a file ({origins[key]}): better in the environment"
        for key in _secret_keys(loaded.settings)
        if ".yaml:" in origins[key] or ".yml:" in origins[key]
    ]


def _secret_keys(section: BaseModel, prefix: str = "") -> Iterator[str]:
    """Dotted keys of the secrets that are set."""
    for name, value in section:
        if isinstance(value, BaseModel):
            yield from _secret_keys(value, f"{prefix}{name}.")
        elif isinstance(value, SecretStr):
            yield f"{prefix}{name}"
