from functools import partial

import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity, Surroundings, examine
from wildfire_bench.settings import (
    ConsumerSettings,
    KafkaSettings,
    ProducerSettings,
    RoutingSettings,
    S3Settings,
    Settings,
)
from wildfire_bench.settings_sources import load_settings

ODD = {
    "is off": {"kafka_producer": ProducerSettings(enable_binary_serialization=False)},
    "topic_profile is guide": {"topic_profile": "guide"},
    "go in chunks": {"routing": RoutingSettings(direct_max_bytes=30_000_000)},
    "given up": {"kafka_consumer": ConsumerSettings(reassembly_timeout_s=60)},
    "always spill": {"kafka_consumer": ConsumerSettings(memory_bytes=50_000_000)},
    "ignores it": {"kafka": KafkaSettings(sasl_username="me")},
    "readable": {
        "kafka": KafkaSettings(
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="PLAIN",
            sasl_username="me",
            sasl_password="not said",
        )
    },
    "without TLS": {"s3": S3Settings(endpoint="http://store.example:9000")},
}


def load_and_examine(name, path, environ=None):
    surroundings = Surroundings(partial(load_settings, path, environ or {}))
    return {each.check.name: each.finding for each in examine(surroundings, [name])}[name]


def test_settings_that_load_are_counted_by_where_they_come_from(tmp_path):
    path = tmp_path / "streaming_config.yaml"
    path.write_text("topic_prefix: a-\n")
    found = load_and_examine("settings.valid", path, {"KAFKA_CLIENT_ID": "me"})
    assert found.severity is Severity.OK
    assert "1 from environment" in found.text


def test_a_mistake_in_a_file_fails_with_its_line(tmp_path):
    path = tmp_path / "streaming_config.yaml"
    path.write_text("kafka_producer:\n  compression_typ: zstd\n")
    found = load_and_examine("settings.valid", path)
    assert (found.severity, ":2" in found.text) == (Severity.FAIL, True)


def test_a_misspelt_variable_is_named(monkeypatch):
    monkeypatch.setenv("KAFKA_COMPRESION_TYPE", "gzip")
    found = finding("settings.environment", Settings())
    assert (found.severity, "KAFKA_COMPRESION_TYPE" in found.details[0]) == (Severity.WARN, True)


def test_variables_that_belong_to_others_are_none_of_ours(monkeypatch):
    monkeypatch.setenv("KAFKA_HEAP_OPTS", "-Xmx1g")
    assert finding("settings.environment", Settings()).severity is Severity.OK


@pytest.mark.parametrize("told", ODD)
def test_what_is_hardly_meant_is_told(told):
    found = finding("settings.unintended", Settings(**ODD[told]))
    assert (found.severity, [told in each for each in found.details]) == (Severity.WARN, [True])


@pytest.mark.parametrize(
    "endpoint", ["localhost:9000", "http://127.0.0.1:9000", "https://s3.example"]
)
def test_defaults_and_a_store_that_nobody_can_listen_to_are_fine(endpoint):
    s3 = S3Settings(endpoint=endpoint, secure=False)
    assert finding("settings.unintended", Settings(s3=s3)).severity is Severity.OK


def test_a_secret_in_a_file_is_told_without_its_value(tmp_path):
    path = tmp_path / "streaming_config.yaml"
    path.write_text("kafka:\n  sasl_password: hunter2secret\n")
    found = load_and_examine("settings.unintended", path)
    assert any("kafka.sasl_password lies in a file" in each for each in found.details)
    assert "hunter2secret" not in repr(found)
