"""From the compose file to a node's environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.stack.compose_file import broker_services, service_environment
from wildfire_bench.stack.kafka_node import KafkaNode, plan_nodes

REPLACED = {
    "KAFKA_LISTENERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_LOG_DIRS",
}


def _plan(brokers: int) -> tuple[KafkaNode, ...]:
    return plan_nodes(brokers, range(20_000, 20_000 + 3 * brokers), Path("/stack"))


@pytest.mark.parametrize("brokers", [1, 3])
def test_all_but_listeners_and_folders_is_the_compose_environment(brokers: int) -> None:
    for node, service in zip(_plan(brokers), broker_services(brokers), strict=True):
        composed = service_environment(service, {})
        differing = {key for key in composed if node.environment[key] != composed[key]}
        assert differing == REPLACED
        assert node.environment.keys() == composed.keys()


def test_every_node_votes_with_its_own_controller_port() -> None:
    (voters,) = {node.environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] for node in _plan(3)}
    assert voters == "1@127.0.0.1:20002,2@127.0.0.1:20005,3@127.0.0.1:20008"


def test_clients_are_sent_to_loopback() -> None:
    (node,) = _plan(1)
    assert node.environment["KAFKA_ADVERTISED_LISTENERS"] == (
        "PLAINTEXT://127.0.0.1:20000,PLAINTEXT_HOST://127.0.0.1:20001"
    )


def test_callers_kafka_variables_do_not_reach_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-Xmx16m")
    (node,) = _plan(1)

    command = node.start_command(Path("java"), [Path("a.jar")])

    assert not {"KAFKA_BOOTSTRAP_SERVERS", "JDK_JAVA_OPTIONS"} & command.env.keys()


def test_java_options_of_the_compose_file_are_used() -> None:
    (node,) = _plan(1)
    assert "-Xmx768m" in node.start_command(Path("java"), [Path("a.jar")]).argv
