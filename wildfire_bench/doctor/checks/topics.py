"""Whether the topics are there, as they are wanted, and able to keep what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.kafka_view import KafkaView
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.settings import Settings, TopicProfileName
from wildfire_bench.streaming.administration.topic_admin import compare_topics
from wildfire_bench.streaming.administration.topic_alteration import FIXED_SETTINGS
from wildfire_bench.streaming.administration.topic_report import TopicOutcome, TopicReport
from wildfire_bench.streaming.records.record_lanes import lane_compression
from wildfire_bench.streaming.sending.image_lanes import METADATA_COMPRESSION
from wildfire_bench.streaming.topics import topic_names

__all__: list[str] = []

HOUR_MS: Final = 3_600_000
WEEK_HOURS: Final = 168
"""Kafka's own retention."""
UNREADABLE: Final = "the brokers do not let settings of topics be read"
CREATE: Final = "wildfire-bench topics create"
MEND: Final = "wildfire-bench topics mend"
GRANT: Final = "grant DescribeConfigs on the topics"


@check("topics.present", "whether every topic exists", needs=("brokers.reachable",))
def present(surroundings: Surroundings) -> Finding:
    """Name those that are missing, the lanes of small records and the dead letters included."""
    kafka = surroundings.kafka
    missing = [name for name in kafka.specs if name not in kafka.topics]
    if missing:
        text = f"{len(missing)} of {len(kafka.specs)} missing"
        return fail(text, CREATE, *missing)
    return ok(f"all {len(kafka.specs)}")


@check(
    "topics.settings",
    "whether partitions, limits, retention and time stamps are as wanted",
    needs=("brokers.reachable",),
)
def settings_of(surroundings: Surroundings) -> Finding:
    """Compare every topic that exists with its specification."""
    kafka = surroundings.kafka
    reports = compare_topics(kafka.admin, list(kafka.specs.values()))
    if not reports:
        return _nothing_to_read(kafka)
    unread = [each.name for each in reports if each.outcome is TopicOutcome.UNREAD]
    if unread:
        return skipped(f"{UNREADABLE} ({len(unread)} of {len(reports)})", GRANT)
    different = [each for each in reports if each.outcome is TopicOutcome.DIFFERS]
    if not different:
        return ok(f"all {len(reports)} as the profile {surroundings.settings.topic_profile} says")
    details = [
        f"{report.name}: {each.key} is {each.found}, wanted {each.wanted}"
        for report in different
        for each in report.differences
    ]
    text = f"{len(different)} of {len(reports)} differ from the profile, in {len(details)} settings"
    return warn(text, _alter(different), *details)


@check(
    "topics.retention",
    "whether topics keep chunks until their image is whole",
    needs=("brokers.reachable",),
)
def retention(surroundings: Surroundings) -> Finding:
    """Look for compaction, which keeps one record of a key, and for short retention."""
    kafka = surroundings.kafka
    images = topic_names(surroundings.settings).images
    configs = {name: kafka.topic_configs[name] for name in images if name in kafka.topic_configs}
    if not configs:
        return _nothing_to_read(kafka)
    compacted = [name for name, each in configs.items() if "compact" in each["cleanup.policy"]]
    if compacted:
        return fail(
            "compaction keeps the last record of a key, and all chunks of an image have one key",
            MEND + _named(compacted),
            *(f"{name}: cleanup.policy={configs[name]['cleanup.policy']}" for name in compacted),
        )
    short = {
        name: int(each["retention.ms"])
        for name, each in configs.items()
        if 0 <= int(each["retention.ms"]) < HOUR_MS
    }
    if short:
        return warn(
            "records are removed within an hour, read or not",
            f"{MEND} --retention-hours {WEEK_HOURS}{_named(short)}",
            *(f"{name}: retention.ms={value}" for name, value in short.items()),
        )
    shortest = min(int(each["retention.ms"]) for each in configs.values())
    kept = "for ever" if shortest < 0 else f"for {shortest / HOUR_MS:,.0f} h at least"
    return ok(f"images are kept {kept}, none compacted")


@check(
    "topics.replication",
    "whether enough replicas are in sync to acknowledge a send",
    needs=("brokers.reachable",),
)
def replication(surroundings: Surroundings) -> Finding:
    """Compare the replicas in sync with min.insync.replicas; find partitions without a leader."""
    kafka = surroundings.kafka
    if not kafka.topics:
        return _nothing_to_read(kafka)
    stuck, behind, partitions = [], [], 0
    for name, topic in kafka.topics.items():
        needed = int(kafka.topic_configs.get(name, {}).get("min.insync.replicas") or 1)
        for number, each in topic.partitions.items():
            partitions += 1
            in_sync = f"{name}/{number}: {len(each.isrs)} of {len(each.replicas)} in sync"
            if each.leader < 0 or len(each.isrs) < needed:
                stuck.append(f"{in_sync}, min.insync.replicas={needed}")
            elif len(each.isrs) < len(each.replicas):
                behind.append(in_sync)
    if stuck:
        return fail(
            f"{len(stuck)} of {partitions} partitions can acknowledge no send",
            "start the brokers that are down; where min.insync.replicas is more than there are: "
            + MEND,
            *stuck,
        )
    if behind:
        text = f"{len(behind)} of {partitions} partitions lack a replica in sync"
        return warn(text, "start the brokers that are down, and look into their logs", *behind)
    return ok(f"{partitions} partitions of {len(kafka.topics)} topics")


@check(
    "topics.recompression",
    "whether brokers compress again what comes compressed otherwise",
    needs=("brokers.reachable",),
)
def recompression(surroundings: Surroundings) -> Finding:
    """Compare compression.type of each topic with that of the batches that are sent to it."""
    kafka, settings = surroundings.kafka, surroundings.settings
    if not kafka.topic_configs:
        return _nothing_to_read(kafka)
    again = {
        name: (batches, kafka.topic_configs[name]["compression.type"])
        for name, batches in _sent_compression(settings).items()
        if name in kafka.topic_configs
        and kafka.topic_configs[name]["compression.type"] not in {"producer", batches}
    }
    if not again:
        return ok(f"none of {len(kafka.topic_configs)} topics")
    return warn(
        f"on {len(again)} of {len(kafka.topic_configs)} topics, which takes CPU time for every "
        "record and gains next to nothing on images",
        _stop_recompressing(again, settings),
        *(
            f"{name}: batches come with compression {sent}, the topic has compression.type={own}"
            for name, (sent, own) in again.items()
        ),
    )


def _nothing_to_read(kafka: KafkaView) -> Finding:
    if kafka.topics:
        return skipped(UNREADABLE, GRANT)
    return skipped("there is no topic yet", CREATE)


def _sent_compression(settings: Settings) -> Mapping[str, str]:
    """Compression of the batches that our producers send, by topic."""
    names = topic_names(settings)
    return {
        names.metadata: METADATA_COMPRESSION.type,
        names.binary: "none",  # the payload is encoded, the batch is not
        names.chunks: "none",
        names.json: settings.kafka_producer.compression_type,
        names.dead_letters: "none",
        **{
            name: lane_compression(data_type, settings).type
            for data_type, name in names.lanes.items()
        },
    }


def _alter(different: list[TopicReport]) -> str:
    """Give the command for those that can be altered; partitions can only be added."""
    names = [
        report.name
        for report in different
        if any(each.key not in FIXED_SETTINGS for each in report.differences)
    ]
    if names:
        return MEND + _named(names)
    return (
        "partitions can only be added, and resends are then delivered again: delete the topics "
        f"once they are read, and {CREATE}"
    )


def _stop_recompressing(again: Iterable[str], settings: Settings) -> str:
    """Under the guide's profile the topics are as wanted: it is the profile that is to change."""
    if settings.topic_profile is TopicProfileName.GUIDE:
        return f"WILDFIRE_TOPIC_PROFILE=tuned {MEND}{_named(again)}; keep that profile set"
    return MEND + _named(again)


def _named(topics: Iterable[str]) -> str:
    return "".join(f" --topic {each}" for each in topics)
