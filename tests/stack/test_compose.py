"""Finding and starting the containers, against answers of docker recorded with Compose 1 and 2."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.stack.record_docker_answers import ANSWERS
from wildfire_bench.errors import StackNotInstalled, StackStartFailed
from wildfire_bench.stack import StackKind, compose
from wildfire_bench.stack.compose import (
    compose_down,
    compose_up,
    find_any_compose,
    find_compose,
    open_compose,
)
from wildfire_bench.stack.compose_file import DATA_INGESTION_SERVICE
from wildfire_bench.stack.containers import SERVICE_LABEL
from wildfire_bench.stack.engine import Answer, DockerEngine


class RecordedEngine:
    """Says of containers what docker said, and notes what it was asked."""

    def __init__(self, containers: Sequence[dict[str, Any]] = (), *, images: bool = True) -> None:
        self.images = images
        self.asked: list[list[str]] = []
        self.environment: Mapping[str, str] | None = None
        self.say(containers)

    def say(self, containers: Sequence[dict[str, Any]]) -> None:
        self.containers = {each["Name"][1:]: copy.deepcopy(each) for each in containers}

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = 5.0,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        self.asked.append(list(command))
        if command[:3] == ["docker", "container", "inspect"]:
            found = [self.containers[name] for name in command[3:] if name in self.containers]
            missing = len(found) < len(command) - 3
            return Answer(int(missing), json.dumps(found), "Error: No such container" * missing)
        if command[:3] == ["docker", "image", "inspect"]:
            return Answer(0 if self.images else 1, "[]", "")
        self.environment = environment
        return Answer(0, "", "")

    def require(self) -> None:
        pass

    def compose_command(self) -> tuple[str, ...]:
        return ("docker-compose",)


@pytest.fixture(params=sorted(ANSWERS.glob("*.json")), ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> dict[str, list[dict[str, Any]]]:
    path: Path = request.param
    moments: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return moments


@pytest.fixture
def engine(recorded: dict[str, list[dict[str, Any]]]) -> RecordedEngine:
    return RecordedEngine(recorded["running"])


@pytest.fixture
def brokers_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker stands behind a recorded answer."""
    monkeypatch.setattr(compose, "wait_for_brokers", lambda *_: None)


def test_healthy_containers_are_a_stack(engine: RecordedEngine) -> None:
    stack = find_compose(engine=engine)
    assert stack is not None
    assert stack.kind is StackKind.COMPOSE
    assert stack.bootstrap_servers == "127.0.0.1:9092"


def test_s3_keys_come_from_the_container(engine: RecordedEngine) -> None:
    stack = find_compose(engine=engine)
    assert stack is not None
    assert stack.s3 is not None
    assert stack.s3.secret_key is not None
    assert stack.s3.endpoint == "127.0.0.1:8333"
    assert stack.s3.secret_key.get_secret_value() == "recorded=secret"


def test_cluster_has_all_three_brokers(recorded: dict[str, list[dict[str, Any]]]) -> None:
    engine = RecordedEngine(recorded["cluster running"])
    stack = find_compose(brokers=3, s3=False, engine=engine)
    assert stack is not None
    assert [broker.node_id for broker in stack.brokers] == [1, 2, 3]
    assert stack.bootstrap_servers == "127.0.0.1:9192,127.0.0.1:9292,127.0.0.1:9392"


@pytest.mark.parametrize("moment", ["starting", "one killed"])
def test_containers_that_are_not_healthy_are_no_stack(
    recorded: dict[str, list[dict[str, Any]]], moment: str
) -> None:
    assert find_compose(engine=RecordedEngine(recorded[moment])) is None


def test_containers_of_another_machine_have_no_process_here(engine: RecordedEngine) -> None:
    stack = find_compose(engine=engine)
    assert stack is not None
    assert [(broker.pid, broker.cgroup) for broker in stack.brokers] == [(None, None)]


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


def test_opening_what_is_not_up_says_how_to_start_it(
    recorded: dict[str, list[dict[str, Any]]],
) -> None:
    engine = RecordedEngine(recorded["one killed"])
    with pytest.raises(StackStartFailed, match=r"wildfire-kafka exited.*stack up --kind compose"):
        open_compose(engine=engine)


@pytest.mark.usefixtures("brokers_answer")
def test_starting_names_the_services_that_are_needed(engine: RecordedEngine) -> None:
    compose_up(engine=engine)
    up = next(command for command in engine.asked if "up" in command)
    assert up[-4:] == ["up", "-d", "wildfire-kafka", "wildfire-s3"]


@pytest.mark.usefixtures("brokers_answer")
def test_project_may_be_named_as_for_compose_itself(
    engine: RecordedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "mine")
    compose_up(engine=engine)
    up = next(command for command in engine.asked if "up" in command)
    assert up[up.index("--project-name") + 1] == "mine"


@pytest.mark.usefixtures("brokers_answer")
def test_only_s3_needs_keys(engine: RecordedEngine) -> None:
    compose_up(engine=engine)
    assert engine.environment is None
    compose_up(s3=False, engine=engine)
    assert engine.environment is not None
    assert set(engine.environment) == {"S3_ACCESS_KEY", "S3_SECRET_KEY"}


def test_missing_image_is_not_pulled(engine: RecordedEngine) -> None:
    engine.images = False
    with pytest.raises(StackNotInstalled, match="docker pull apache/kafka"):
        compose_up(engine=engine)
    assert not any("up" in command for command in engine.asked)


def test_container_that_ends_while_starting_is_named(
    recorded: dict[str, list[dict[str, Any]]],
) -> None:
    with pytest.raises(StackStartFailed, match="docker logs wildfire-kafka"):
        compose_up(engine=RecordedEngine(recorded["one killed"]))


def test_container_that_is_started_over_and_over_is_not_waited_for(
    recorded: dict[str, list[dict[str, Any]]],
) -> None:
    engine = RecordedEngine(recorded["starting"])
    engine.containers["wildfire-s3"]["RestartCount"] = 3
    with pytest.raises(StackStartFailed, match="docker logs wildfire-s3"):
        compose_up(engine=engine)


@pytest.mark.usefixtures("brokers_answer")
def test_starting_waits_until_healthy(
    recorded: dict[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = RecordedEngine(recorded["starting"])
    monkeypatch.setattr(compose.time, "sleep", lambda _: engine.say(recorded["running"]))
    assert compose_up(engine=engine).s3 is not None


def test_stopping_takes_the_project_that_made_the_containers(engine: RecordedEngine) -> None:
    assert compose_down(engine=engine)
    down = engine.asked[-1]
    assert down[down.index("--project-name") + 1] == "fires"
    assert down[-1] == "down"


@pytest.mark.parametrize("profile", ["cluster", "service", "monitoring"])
def test_stopping_goes_through_every_profile(engine: RecordedEngine, profile: str) -> None:
    compose_down(engine=engine)
    assert ("--profile", profile) in pairwise(engine.asked[-1])


def test_stopping_finds_a_service_that_runs_without_a_stack(engine: RecordedEngine) -> None:
    service = engine.containers["wildfire-s3"]
    service["Name"] = "/wildfire-data-ingestion"
    service["Config"]["Labels"][SERVICE_LABEL] = DATA_INGESTION_SERVICE
    alone = RecordedEngine([service])
    assert compose_down(engine=alone)
    assert alone.asked[-1][-1] == "down"


def test_stopping_keeps_the_data_unless_told(engine: RecordedEngine) -> None:
    compose_down(volumes=True, engine=engine)
    assert engine.asked[-1][-2:] == ["down", "--volumes"]


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
