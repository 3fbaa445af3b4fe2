"""Topics that exist, set to how they are wanted; only ever when that was asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from wildfire_bench.errors import TransportError
from wildfire_bench.streaming.administration.topic_admin import REQUEST_TIMEOUT_S, compare_topics
from wildfire_bench.streaming.administration.topic_report import (
    TopicDifference,
    TopicOutcome,
    TopicReport,
)
from wildfire_bench.streaming.topics import TopicSpec

__all__ = ["FIXED_SETTINGS", "alter_topics"]

FIXED_SETTINGS = frozenset({"partitions", "replication.factor"})
"""What is compared and not altered: more partitions would move the images of a source, and another
number of replicas is a reassignment."""
IN_FORCE_TIMEOUT_S = 30.0
"""How long an altered setting may take until the brokers tell it."""
_POLL_INTERVAL_S = 0.05
_NEEDED = {"cleanup.policy": "delete", "min.insync.replicas": "1"}
"""Of any topic of ours; the second is 2 where there are three replicas."""


def alter_topics(
    admin: AdminClient, specs: Sequence[TopicSpec], retention_ms: int | None = None
) -> tuple[TopicReport, ...]:
    """Set the topics that exist to their specification, and create none.

    Parameters
    ----------
    admin, specs
        As for `wildfire_bench.streaming.administration.topic_admin.ensure_topics`. Of what a
        specification does not name, only ``cleanup.policy`` and ``min.insync.replicas`` are set:
        another clean-up loses chunks, and more replicas than there are stop every send.
    retention_ms
        How long topics keep their records, but for those whose specification says it.

    Returns
    -------
    tuple of TopicReport
        One per specification whose topic exists, in order. `TopicOutcome.ALTERED` with what was
        altered; `TopicOutcome.DIFFERS` with what of `FIXED_SETTINGS` still differs, whatever else
        was altered.

    Raises
    ------
    TransportError
        If the brokers refuse, with their reason, or do not tell the new settings within
        `IN_FORCE_TIMEOUT_S`.
    """
    whole = [_whole(spec, retention_ms) for spec in specs]
    before = compare_topics(admin, whole)
    wanted = {report.name: changes for report in before if (changes := _alterable(report))}
    _set(admin, wanted)
    _wait_until_told(admin, [spec for spec in whole if spec.name in wanted])
    return tuple(_outcome(report, wanted.get(report.name, ())) for report in before)


def _whole(spec: TopicSpec, retention_ms: int | None) -> TopicSpec:
    kept = {} if retention_ms is None else {"retention.ms": str(retention_ms)}
    return TopicSpec(spec.name, spec.partitions, {**_NEEDED, **kept, **spec.config})


def _alterable(report: TopicReport) -> tuple[TopicDifference, ...]:
    return tuple(each for each in report.differences if each.key not in FIXED_SETTINGS)


def _outcome(before: TopicReport, altered: tuple[TopicDifference, ...]) -> TopicReport:
    fixed = tuple(each for each in before.differences if each.key in FIXED_SETTINGS)
    if fixed or not altered:
        return TopicReport(before.name, before.outcome, fixed)
    return TopicReport(before.name, TopicOutcome.ALTERED, altered)


def _set(admin: AdminClient, wanted: Mapping[str, Sequence[TopicDifference]]) -> None:
    if not wanted:
        return
    resources = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(each.key, each.wanted, incremental_operation=AlterConfigOpType.SET)
                for each in changes
            ],
        )
        for name, changes in wanted.items()
    ]
    answers: Mapping[ConfigResource, Future[Any]] = admin.incremental_alter_configs(
        resources, request_timeout=REQUEST_TIMEOUT_S
    )
    for resource, answer in answers.items():
        try:
            answer.result()
        except KafkaException as error:
            msg = (
                f"topic {resource.name} could not be altered ({error.args[0].str()}): grant "
                "AlterConfigs on the topic, or ask who may"
            )
            raise TransportError(msg) from error


def _wait_until_told(admin: AdminClient, altered: Sequence[TopicSpec]) -> None:
    """Wait until the brokers tell what was set; the request returns before that."""
    deadline = time.monotonic() + IN_FORCE_TIMEOUT_S
    while late := {each.name for each in compare_topics(admin, altered) if _alterable(each)}:
        if time.monotonic() > deadline:
            msg = (
                f"{', '.join(sorted(late))} did not tell its new settings within "
                f"{IN_FORCE_TIMEOUT_S:g} s: look into the brokers' logs"
            )
            raise TransportError(msg)
        time.sleep(_POLL_INTERVAL_S)
