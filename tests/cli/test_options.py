import pytest

from wildfire_bench.cli.options import point_at
from wildfire_bench.settings import KafkaSettings, S3Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.stack import Stack, StackKind


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def stack() -> Stack:
    """A stack as `stack up` leaves one; nothing here connects to it."""
    s3 = S3Settings(endpoint="127.0.0.1:8333", access_key="me", secret_key="hush", secure=False)
    return Stack(StackKind.EMBEDDED, KafkaSettings(bootstrap_servers="127.0.0.1:19092"), s3)


def test_brokers_that_nobody_names_are_those_of_the_running_stack(stack):
    pointed = point_at(load_settings(environ={}), stack)
    assert pointed.settings.kafka.bootstrap_servers == "127.0.0.1:19092"


def test_the_running_stack_is_told_as_origin(stack):
    pointed = point_at(load_settings(environ={}), stack)
    assert pointed.origins["kafka.bootstrap_servers"] == "running stack (embedded)"


def test_its_object_store_comes_along(stack):
    assert point_at(load_settings(environ={}), stack).settings.s3.endpoint == "127.0.0.1:8333"


def test_another_object_store_is_kept(stack):
    loaded = load_settings(environ={"S3_ENDPOINT": "elsewhere:9000"})
    pointed = point_at(loaded, stack)
    assert (pointed.settings.s3.endpoint, pointed.origins["s3.endpoint"]) == (
        "elsewhere:9000",
        "environment S3_ENDPOINT",
    )
