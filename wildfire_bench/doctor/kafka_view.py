"""The brokers and our topics on them, as several checks need them; each asked for once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    ListOffsetsResultInfo,
    OffsetSpec,
    TopicMetadata,
)

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import resource_config
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import TopicSpec, topic_specs

__all__ = ["ADMIN_TIMEOUT_S", "KafkaView"]

ADMIN_TIMEOUT_S = 10.0
"""How long one administrative request of a check may take."""
_POLL_INTERVAL_S = 0.05
_ELECTING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
"""What a broker says for a moment after a topic was made or a leader changed."""


class KafkaView:
    """What the brokers tell.

    Parameters
    ----------
    settings
        Connection, topic prefix and profile.

    Raises
    ------
    BrokerUnavailable
        If none answers.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.admin: AdminClient = open_admin(settings)

    @cached_property
    def cluster(self) -> ClusterMetadata:
        """Brokers, topics and who leads them."""
        return self.admin.list_topics(timeout=ADMIN_TIMEOUT_S)

    @cached_property
    def specs(self) -> Mapping[str, TopicSpec]:
        """Every topic as it is wanted."""
        return MappingProxyType({spec.name: spec for spec in topic_specs(self.settings)})

    @cached_property
    def topics(self) -> Mapping[str, TopicMetadata]:
        """Those of our topics that exist."""
        found = self.cluster.topics
        return MappingProxyType({name: found[name] for name in self.specs if name in found})

    @cached_property
    def topic_configs(self) -> Mapping[str, Mapping[str, str]]:
        """Settings in force of each of `topics`; one that may not be read is left out."""
        return self._configs(
            [ConfigResource(ConfigResource.Type.TOPIC, each) for each in self.topics]
        )

    @cached_property
    def broker_configs(self) -> Mapping[str, Mapping[str, str]]:
        """Settings of each broker by its id; one that may not be read is left out."""
        ids = [str(broker) for broker in sorted(self.cluster.brokers)]
        return self._configs([ConfigResource(ConfigResource.Type.BROKER, each) for each in ids])

    def offsets(
        self, places: Iterable[tuple[str, int]], spec: OffsetSpec
    ) -> Mapping[tuple[str, int], ListOffsetsResultInfo]:
        """Ask for the first, the last or the newest offset of partitions, by topic and number.

        A partition whose leader is being elected is asked again for `ADMIN_TIMEOUT_S`.
        """
        waiting = set(places)
        found: dict[tuple[str, int], ListOffsetsResultInfo] = {}
        deadline = time.monotonic() + ADMIN_TIMEOUT_S
        while waiting:
            asked = {TopicPartition(*place): spec for place in waiting}
            futures = self.admin.list_offsets(asked, request_timeout=ADMIN_TIMEOUT_S)
            for at, future in futures.items():
                try:
                    found[at.topic, at.partition] = future.result()
                except KafkaException as error:
                    if error.args[0].code() not in _ELECTING or time.monotonic() > deadline:
                        raise
            if waiting := waiting - found.keys():
                time.sleep(_POLL_INTERVAL_S)
        return found

    def _configs(self, resources: Sequence[ConfigResource]) -> Mapping[str, Mapping[str, str]]:
        answers = resource_config(self.admin, resources)
        return MappingProxyType(
            {
                resource.name: {key: entry.value or "" for key, entry in answer.items()}
                for resource, answer in zip(resources, answers, strict=True)
                if not isinstance(answer, KafkaError)
            }
        )
