"""What was found of a wanted topic: created, as wanted, altered, or different and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wildfire_bench.errors import TopicMismatch

__all__ = ["TopicDifference", "TopicOutcome", "TopicReport", "require_topics"]


class TopicOutcome(StrEnum):
    """What was found or done."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"
    ALTERED = "altered"
    """Its differences are what it was before."""
    UNREAD = "unread"
    """It exists, and the brokers do not let its settings be read."""


@dataclass(frozen=True, slots=True)
class TopicDifference:
    """One setting of an existing topic that is not as wanted."""

    key: str
    """Kafka's name of a topic setting, or ``partitions`` or ``replication.factor``."""
    wanted: str
    found: str | None
    """None when the brokers do not say."""


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What became of one wanted topic."""

    name: str
    outcome: TopicOutcome
    differences: tuple[TopicDifference, ...] = ()


def require_topics(reports: Iterable[TopicReport]) -> None:
    """Turn differences into an error, for callers that rely on the specification.

    Raises
    ------
    TopicMismatch
        If any topic differs; every difference is named.
    """
    differences = [
        f"{report.name} has {each.key}={each.found} instead of {each.wanted}"
        for report in reports
        for each in report.differences
    ]
    if differences:
        msg = f"{'; '.join(differences)}: run `wildfire-bench topics mend`, or set topic_prefix"
        raise TopicMismatch(msg)
