import logging
import re

import pytest

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import setting_keys
from wildfire_bench.settings_environment import ENVIRONMENT_VARIABLES, as_environment
from wildfire_bench.settings_sources import load_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_variable_sets_an_existing_key():
    assert set(ENVIRONMENT_VARIABLES.values()) <= set(setting_keys())


def test_every_setting_but_the_matrix_has_a_variable():
    missing = set(setting_keys()) - set(ENVIRONMENT_VARIABLES.values())
    assert {key.partition(".")[0] for key in missing} == {"compression_matrix"}


def test_rollback_of_the_guide_is_two_variables():
    loaded = load_settings(
        environ={"KAFKA_COMPRESSION_TYPE": "gzip", "ENABLE_BINARY_SERIALIZATION": "false"}
    )
    producer = loaded.settings.kafka_producer
    assert (producer.compression_type, producer.enable_binary_serialization) == ("gzip", False)


def test_empty_variable_is_not_set():
    loaded = load_settings(environ={"KAFKA_COMPRESSION_TYPE": ""})
    assert loaded.origins["kafka_producer.compression_type"] == "default"


def test_minio_names_set_the_object_store():
    s3 = load_settings(
        environ={
            "MINIO_ENDPOINT": "localhost:9000",
            "MINIO_ACCESS_KEY": "me",
            "MINIO_SECRET_KEY": "hush",
        }
    ).settings.s3
    assert (s3.endpoint, s3.access_key) == ("localhost:9000", "me")


def test_two_names_with_two_values_are_refused():
    with pytest.raises(SettingsError, match="S3_ENDPOINT and MINIO_ENDPOINT both set"):
        load_settings(environ={"S3_ENDPOINT": "a:1", "MINIO_ENDPOINT": "b:1"})


def test_two_names_with_one_value_are_taken():
    loaded = load_settings(environ={"S3_ENDPOINT": "a:1", "MINIO_ENDPOINT": "a:1"})
    assert loaded.settings.s3.endpoint == "a:1"


@pytest.mark.parametrize("name", ["KAFKA_COMPRESION_TYPE", "kafka_compression_type", "S3_BUKET"])
def test_near_miss_is_warned_about(name, caplog):
    with caplog.at_level(logging.WARNING):
        loaded = load_settings(environ={name: "zstd"})
    assert [record.message for record in caplog.records] == list(loaded.warnings)
    assert re.match(rf"environment variable {name} .* did you mean \w+\?", loaded.warnings[0])


@pytest.mark.parametrize("name", ["KAFKA_HEAP_OPTS", "AWS_SECRET_KEY", "AWS_REGION", "HOME"])
def test_variables_of_others_are_left_alone(name):
    assert load_settings(environ={name: "-Xmx1g"}).warnings == ()


def test_settings_written_as_an_environment_are_read_as_the_same():
    kafka = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_username": "me",
        "sasl_password": "word",
        "ssl_ca_location": "ca.pem",
    }
    s3 = {"endpoint": "s3.example", "access_key": "key", "secret_key": "hush", "secure": False}
    given = {"kafka": kafka, "s3": s3, "topic_profile": "guide", "topic_prefix": "p-"}
    settings = load_settings(environ={}, overrides=given).settings
    assert load_settings(environ=as_environment(settings)).settings == settings
