"""Topics on the brokers: created where missing, compared where present, never silently altered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    TopicMetadata,
)

from wildfire_bench.errors import AccessDenied, BrokerUnavailable, TransportError
from wildfire_bench.streaming.administration.rights import Right, is_denial
from wildfire_bench.streaming.administration.topic_report import (
    TopicDifference,
    TopicOutcome,
    TopicReport,
)
from wildfire_bench.streaming.topics import TopicSpec

__all__ = [
    "ConfigOrRefusal",
    "TopicState",
    "compare_topics",
    "describe_topics",
    "ensure_topics",
    "resource_config",
]

REQUEST_TIMEOUT_S = 30.0
"""How long one administrative request may take."""
VISIBLE_TIMEOUT_S = 30.0
"""How long a created topic may take until all its partitions have a leader."""
_POLL_INTERVAL_S = 0.05

_TOLD_SETTINGS = ("compression.type", "max.message.bytes")
"""Settings that `describe_topics` shows even where they are the brokers' defaults."""


ConfigOrRefusal: TypeAlias = Mapping[str, ConfigEntry] | KafkaError
"""Settings by name, or the brokers' reason not to tell them."""
_Found: TypeAlias = tuple[TopicMetadata, ConfigOrRefusal]


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is on the brokers."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]
    """Settings made for this topic, and its limits and compression wherever they come from;
    empty when the brokers do not let them be read."""


def ensure_topics(
    admin: AdminClient, specs: Sequence[TopicSpec], replication_factor: int | None = None
) -> tuple[TopicReport, ...]:
    """Create the topics that are missing, and compare the others.

    Parameters
    ----------
    admin
        From `wildfire_bench.streaming.connection.open_admin`.
    specs
        From `wildfire_bench.streaming.topics.topic_specs`.
    replication_factor
        Copies of each partition. None: three, or as many as there are brokers when fewer. With
        three or more, ``min.insync.replicas`` is 2, so that losing one broker neither loses an
        acknowledged image nor stops sending.

    Returns
    -------
    tuple of TopicReport
        One per specification, in order. Existing topics are left as they are.

    Raises
    ------
    AccessDenied
        If the account may not create one.
    TransportError
        If a topic cannot be created for another reason; the message has it.
    """
    metadata = _metadata(admin)
    replicas = _replicas(metadata, replication_factor)
    wanted = [_with_replicas(spec, replicas) for spec in specs]
    missing = [spec for spec in wanted if spec.name not in metadata.topics]
    created = _create(admin, missing, replicas)
    _wait_until_led(admin, created)
    present = [spec for spec in wanted if spec.name not in created]
    reports = {name: TopicReport(name, TopicOutcome.CREATED) for name in created}
    for spec, found in zip(present, _looked_up(admin, [s.name for s in present]), strict=True):
        reports[spec.name] = _compare(spec, replicas, *found)
    return tuple(reports[spec.name] for spec in wanted)


def compare_topics(
    admin: AdminClient, specs: Sequence[TopicSpec], replication_factor: int | None = None
) -> tuple[TopicReport, ...]:
    """Compare the topics that exist with how they are wanted, and create none.

    Parameters
    ----------
    admin, specs, replication_factor
        As for `ensure_topics`.

    Returns
    -------
    tuple of TopicReport
        One per specification whose topic exists, in order.
    """
    metadata = _metadata(admin)
    replicas = _replicas(metadata, replication_factor)
    wanted = [_with_replicas(spec, replicas) for spec in specs if spec.name in metadata.topics]
    found = _looked_up(admin, [spec.name for spec in wanted])
    return tuple(_compare(spec, replicas, *each) for spec, each in zip(wanted, found, strict=True))


def describe_topics(admin: AdminClient, names: Iterable[str]) -> tuple[TopicState, ...]:
    """Look at topics.

    Parameters
    ----------
    admin
        An administration client.
    names
        Which; those that do not exist are left out.

    Returns
    -------
    tuple of TopicState
        In the order of `names`.
    """
    existing = _metadata(admin).topics
    found = [name for name in names if name in existing]
    return tuple(
        TopicState(
            str(topic.topic),
            len(topic.partitions),
            _fewest_replicas(topic),
            MappingProxyType({} if isinstance(config, KafkaError) else _told(config)),
        )
        for topic, config in _looked_up(admin, found)
    )


def resource_config(
    admin: AdminClient, resources: Sequence[ConfigResource]
) -> list[ConfigOrRefusal]:
    """Read the settings of topics or brokers.

    Parameters
    ----------
    admin
        An administration client.
    resources
        What to read.

    Returns
    -------
    list
        In the order of `resources`: settings by name, or the brokers' refusal, such as a missing
        ACL; managed brokers often hide theirs.
    """
    if not resources:
        return []
    futures: Mapping[ConfigResource, Future[Any]] = admin.describe_configs(
        list(resources), request_timeout=REQUEST_TIMEOUT_S
    )
    configs: list[ConfigOrRefusal] = []
    for resource in resources:
        try:
            configs.append(futures[resource].result())
        except KafkaException as error:
            configs.append(error.args[0])
    return configs


def _metadata(admin: AdminClient) -> ClusterMetadata:
    try:
        return admin.list_topics(timeout=REQUEST_TIMEOUT_S)
    except KafkaException as error:
        msg = f"the brokers did not list their topics ({error.args[0].str()}): are they up?"
        raise BrokerUnavailable(msg) from error


def _looked_up(admin: AdminClient, names: Sequence[str]) -> list[_Found]:
    topics = _metadata(admin).topics
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    configs = resource_config(admin, resources)
    return [(topics[name], config) for name, config in zip(names, configs, strict=True)]


def _replicas(metadata: ClusterMetadata, wanted: int | None) -> int:
    return wanted or min(3, len(metadata.brokers))


def _with_replicas(spec: TopicSpec, replicas: int) -> TopicSpec:
    if replicas < 3:
        return spec
    return TopicSpec(spec.name, spec.partitions, {**spec.config, "min.insync.replicas": "2"})


def _create(admin: AdminClient, specs: Sequence[TopicSpec], replicas: int) -> set[str]:
    if not specs:
        return set()
    new = [
        NewTopic(spec.name, spec.partitions, replicas, config=dict(spec.config)) for spec in specs
    ]
    created = set()
    for name, future in admin.create_topics(new, request_timeout=REQUEST_TIMEOUT_S).items():
        try:
            future.result()
        except KafkaException as error:
            reason = error.args[0]
            if reason.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                continue  # somebody else was faster: compare it like any other
            if is_denial(reason):
                msg = (
                    f"topic {name} could not be created: Kafka denies this account the right to "
                    f"{Right('Create', 'topic', name)}: add the ACL (`wildfire-bench topics acls "
                    "operator` lists what is needed)"
                )
                raise AccessDenied(msg) from error
            msg = (
                f"topic {name} ({replicas} replicas) could not be created ({reason.str()}): "
                "check the brokers' number and the permission to create topics"
            )
            raise TransportError(msg) from error
        created.add(name)
    return created


def _wait_until_led(admin: AdminClient, names: Iterable[str]) -> None:
    """Wait until the brokers know a leader of every partition; creation returns before that."""
    waiting = set(names)
    deadline = time.monotonic() + VISIBLE_TIMEOUT_S
    while waiting:
        topics = _metadata(admin).topics
        waiting = {name for name in waiting if name not in topics or not _is_led(topics[name])}
        if waiting and time.monotonic() > deadline:
            msg = (
                f"{', '.join(sorted(waiting))} had no leader {VISIBLE_TIMEOUT_S:g} s after "
                "creation: look into the brokers' logs"
            )
            raise TransportError(msg)
        if waiting:
            time.sleep(_POLL_INTERVAL_S)


def _is_led(topic: TopicMetadata) -> bool:
    return all(partition.leader >= 0 for partition in topic.partitions.values())


def _fewest_replicas(topic: TopicMetadata) -> int:
    return min((len(partition.replicas) for partition in topic.partitions.values()), default=0)


def _told(config: Mapping[str, ConfigEntry]) -> dict[str, str]:
    return {
        name: entry.value
        for name, entry in sorted(config.items())
        if entry.value is not None and (not entry.is_default or name in _TOLD_SETTINGS)
    }


def _compare(
    spec: TopicSpec, replicas: int, topic: TopicMetadata, config: ConfigOrRefusal
) -> TopicReport:
    if isinstance(config, KafkaError):
        return TopicReport(spec.name, TopicOutcome.UNREAD)
    wanted = {
        "partitions": str(spec.partitions),
        "replication.factor": str(replicas),
        **spec.config,
    }
    found = {
        "partitions": str(len(topic.partitions)),
        "replication.factor": str(_fewest_replicas(topic)),
        **{name: entry.value for name, entry in config.items()},
    }
    differences = tuple(
        TopicDifference(key, value, found.get(key))
        for key, value in wanted.items()
        if found.get(key) != value
    )
    outcome = TopicOutcome.DIFFERS if differences else TopicOutcome.UNCHANGED
    return TopicReport(spec.name, outcome, differences)
