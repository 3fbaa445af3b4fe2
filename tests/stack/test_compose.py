"""Finding and starting the containers, against recorded answers of docker."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest

from wildfire_bench.errors import StackNotInstalled, StackStartFailed
from wildfire_bench.stack import StackKind, compose
from wildfire_bench.stack.compose import (
    compose_down,
    compose_up,
    find_any_compose,
    find_compose,
    open_compose,
)
from wildfire_bench.stack.engine import Answer, DockerEngine

HEALTHY = {"Status": "running", "Health": {"Status": "healthy", "FailingStreak": 0, "Log": []}}
STARTING = {"Status": "running", "Health": {"Status": "starting", "FailingStreak": 1, "Log": []}}
EXITED = {"Status": "exited", "ExitCode": 1}


def container(service: str, inside: int, outside: int, **environment: str) -> dict[str, Any]:
    return {
        "Name": f"/{service}",
        "State": copy.deepcopy(HEALTHY),
        "Config": {
            "Env": [*(f"{name}={value}" for name, value in environment.items()), "PATH=/bin"],
            "Labels": {
                "com.docker.compose.project": "fires",
                "com.docker.compose.service": service,
            },
        },
        "NetworkSettings": {
            "Ports": {
                f"{inside}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(outside)}],
                "19092/tcp": None,
            }
        },
    }


class RecordedEngine:
    """Answers as docker did, and notes what it was asked."""

    def __init__(self, *containers: dict[str, Any], images: bool = True) -> None:
        self.containers = {each["Name"][1:]: each for each in containers}
        self.images = images
        self.asked: list[list[str]] = []

    def run(self, command: Sequence[str], *, timeout_s: float = 5.0) -> Answer:
        self.asked.append(list(command))
        if command[:3] == ["docker", "container", "inspect"]:
            found = [self.containers[name] for name in command[3:] if name in self.containers]
            missing = len(found) < len(command) - 3
            return Answer(int(missing), json.dumps(found), "Error: No such container" * missing)
        if command[:3] == ["docker", "image", "inspect"]:
            return Answer(0 if self.images else 1, "[]", "")
        return Answer(0, "", "")

    def require(self) -> None:
        pass

    def compose_command(self) -> tuple[str, ...]:
        return ("docker-compose",)


@pytest.fixture
def engine() -> RecordedEngine:
    return RecordedEngine(
        container("wildfire-kafka", 9092, 9095, KAFKA_NODE_ID="1"),
        container(
            "wildfire-s3", 8333, 8335, AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="se=cret"
        ),
    )


def test_healthy_containers_are_a_stack(engine: RecordedEngine) -> None:
    stack = find_compose(engine=engine)
    assert stack is not None
    assert stack.kind is StackKind.COMPOSE
    assert stack.bootstrap_servers == "127.0.0.1:9095"


def test_s3_keys_come_from_the_container(engine: RecordedEngine) -> None:
    stack = find_compose(engine=engine)
    assert stack is not None
    assert stack.s3 is not None
    assert stack.s3.secret_key is not None
    assert stack.s3.endpoint == "127.0.0.1:8335"
    assert stack.s3.secret_key.get_secret_value() == "se=cret"


def test_cluster_has_all_three_brokers() -> None:
    engine = RecordedEngine(
        *(
            container(f"wildfire-kafka-{i}", 9092, 9092 + 100 * i, KAFKA_NODE_ID=str(i))
            for i in (1, 2, 3)
        )
    )
    stack = find_compose(brokers=3, s3=False, engine=engine)
    assert stack is not None
    assert [broker.node_id for broker in stack.brokers] == [1, 2, 3]
    assert stack.bootstrap_servers == "127.0.0.1:9192,127.0.0.1:9292,127.0.0.1:9392"


@pytest.mark.parametrize("state", [STARTING, EXITED])
def test_containers_that_are_not_healthy_are_no_stack(
    engine: RecordedEngine, state: dict[str, Any]
) -> None:
    engine.containers["wildfire-kafka"]["State"] = state
    assert find_compose(engine=engine) is None


def test_stack_without_s3_does_when_s3_is_not_needed(engine: RecordedEngine) -> None:
    del engine.containers["wildfire-s3"]
    assert find_compose(engine=engine) is None
    assert find_compose(s3=False, engine=engine) is not None
    assert find_any_compose(engine=engine) is not None


def test_container_of_that_name_that_compose_did_not_make_is_not_ours(
    engine: RecordedEngine,
) -> None:
    engine.containers["wildfire-kafka"]["Config"]["Labels"] = None
    assert find_compose(engine=engine) is None


def test_opening_what_is_not_up_says_how_to_start_it(engine: RecordedEngine) -> None:
    engine.containers["wildfire-kafka"]["State"] = EXITED
    with pytest.raises(StackStartFailed, match=r"wildfire-kafka exited.*stack up --kind compose"):
        open_compose(engine=engine)


def test_starting_names_the_services_that_are_needed(engine: RecordedEngine) -> None:
    compose_up(engine=engine)
    up = next(command for command in engine.asked if "up" in command)
    assert up[-4:] == ["up", "-d", "wildfire-kafka", "wildfire-s3"]


def test_missing_image_is_not_pulled(engine: RecordedEngine) -> None:
    engine.images = False
    with pytest.raises(StackNotInstalled, match="docker pull apache/kafka"):
        compose_up(engine=engine)
    assert not any("up" in command for command in engine.asked)


def test_container_that_ends_while_starting_is_named(engine: RecordedEngine) -> None:
    engine.containers["wildfire-kafka"]["State"] = EXITED
    with pytest.raises(StackStartFailed, match="docker logs wildfire-kafka"):
        compose_up(engine=engine)


def test_starting_waits_until_healthy(
    engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.containers["wildfire-s3"]["State"] = STARTING

    def become_healthy(_: float) -> None:
        engine.containers["wildfire-s3"]["State"] = HEALTHY

    monkeypatch.setattr(compose.time, "sleep", become_healthy)
    assert compose_up(engine=engine).s3 is not None


def test_stopping_takes_the_project_that_made_the_containers(engine: RecordedEngine) -> None:
    assert compose_down(engine=engine)
    down = engine.asked[-1]
    assert down[down.index("--project-name") + 1] == "fires"
    assert down[-1] == "down"


def test_stopping_nothing_says_so() -> None:
    assert not compose_down(engine=RecordedEngine())


def test_missing_docker_is_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_compose() is None


def test_missing_docker_is_told_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(StackNotInstalled, match="embedded stack"):
        open_compose()


def test_docker_that_hangs_counts_as_none() -> None:
    assert DockerEngine().run(["sleep", "10"], timeout_s=0.05).returncode == 124
