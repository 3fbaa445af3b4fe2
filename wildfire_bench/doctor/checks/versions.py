"""Versions: of Python, of packages against what the project asks for, of client and brokers."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from packaging.requirements import Requirement

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.surroundings import Surroundings

__all__: list[str] = []

PROJECT: Final = "wildfire-bench"
PYTHONS: Final = ((3, 11), (3, 14))
"""First and last that tests run on or packages exist for."""
INSTALL: Final = "make environment, or pip install --upgrade wildfire-bench"
TELLING_SETTINGS: Final = (
    ("compression.zstd.level", "3.8"),
    ("log.message.timestamp.after.max.ms", "3.6"),
    ("process.roles", "2.8"),
)
"""Settings of a broker and the release of Kafka that brought each, newest first: a client is not
told the release itself."""
OLDEST_KAFKA: Final = "3.8"


@check("versions.python", "whether this Python is one of those that are supported")
def python(_surroundings: Surroundings) -> Finding:
    """Compare it with the range of pyproject.toml."""
    running = sys.version_info[:2]
    shown = ".".join(map(str, sys.version_info[:3]))
    first, last = (".".join(map(str, each)) for each in PYTHONS)
    if not PYTHONS[0] <= running <= PYTHONS[1]:
        return fail(f"Python {shown}; {first} to {last} are supported", f"make PYTHON=python{last}")
    return ok(f"Python {shown}; {first} to {last} are supported")


@check("versions.packages", "whether installed packages are as new as the project asks for")
def packages(_surroundings: Surroundings) -> Finding:
    """Compare every package that is asked for, extras included, with what is installed."""
    wanted = [Requirement(text) for text in requires(PROJECT) or ()]
    core = [each for each in wanted if each.marker is None]
    absent = [each.name for each in core if _installed(each.name) is None]
    unfit = sorted({text for each in wanted if (text := _unfit(each))})
    if absent or any(_unfit(each) for each in core):
        details = [*(f"{name} is not installed" for name in absent), *unfit]
        return fail(f"{len(absent)} missing, {len(unfit)} unfit", INSTALL, *details)
    if unfit:
        return warn(f"{len(unfit)} of the extras unfit", INSTALL, *unfit)
    extras = {each.name for each in wanted} - {each.name for each in core} - {PROJECT}
    present = sum(_installed(name) is not None for name in extras)
    return ok(f"{len(core)} needed, {present} of the extras' {len(extras)}: all new enough")


@check("versions.client", "whether librdkafka is the one of its package, and has the codecs")
def client(_surroundings: Surroundings) -> Finding:
    """Compare package and library, and make a producer for each codec; nothing connects."""
    import confluent_kafka

    from wildfire_bench.settings import KafkaSettings
    from wildfire_bench.streaming.connection import client_config

    package, library = version("confluent-kafka"), confluent_kafka.libversion()[0]
    text = f"confluent-kafka {package} with librdkafka {library}"
    for codec in ("zstd", "gzip"):
        try:
            confluent_kafka.Producer({**client_config(KafkaSettings()), "compression.type": codec})
        except confluent_kafka.KafkaException:
            return fail(
                f"{text}, built without {codec}", "pip install --force-reinstall confluent-kafka"
            )
    if package.split(".")[:2] != library.split(".")[:2]:
        return warn(
            f"{text}: not the one of its wheel",
            "pip install --force-reinstall --only-binary :all: confluent-kafka",
        )
    return ok(f"{text}, zstd and gzip built in")


@check(
    "versions.brokers",
    f"whether the brokers run Kafka {OLDEST_KAFKA} or later",
    needs=("brokers.reachable",),
)
def brokers(surroundings: Surroundings) -> Finding:
    """Tell the release by which settings a broker has."""
    configs = surroundings.kafka.broker_configs
    if not configs:
        return skipped(
            "no broker lets its settings be read", "grant DescribeConfigs on the cluster"
        )
    at_least = {broker: _release(config) for broker, config in configs.items()}
    old = {broker for broker, release in at_least.items() if release != OLDEST_KAFKA}
    if old:
        return fail(
            f"{len(old)} of {len(configs)} brokers lack compression.zstd.level, which came with "
            f"Kafka {OLDEST_KAFKA} and which the topics set",
            f"run Kafka {OLDEST_KAFKA} or later; docker-compose.yml names one",
            *(
                f"broker {broker}: Kafka {at_least[broker] or 'before 2.8'}"
                for broker in sorted(old)
            ),
        )
    return ok(f"all {len(configs)} know compression.zstd.level (Kafka {OLDEST_KAFKA} or later)")


def _release(config: object) -> str | None:
    known = config if isinstance(config, dict) else {}
    return next((release for key, release in TELLING_SETTINGS if key in known), None)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _unfit(wanted: Requirement) -> str | None:
    found = _installed(wanted.name)
    if found is None or wanted.name == PROJECT:
        return None
    if wanted.specifier.contains(found, prereleases=True):
        return None
    return f"{wanted.name} {found} is installed, {wanted.specifier} is asked for"
