"""Which stack is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.errors import InputError, StackError
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.stack import Stack, StackKind, open_stack


def test_two_brokers_make_no_stack() -> None:
    with pytest.raises(InputError, match="1 or 3"):
        open_stack("embedded", brokers=2)


def test_an_unknown_kind_of_stack_is_refused() -> None:
    with pytest.raises(InputError, match="auto, embedded, compose, external"):
        open_stack("foo")  # type: ignore[arg-type]  # as from a notebook's parameter


@pytest.mark.integration
def test_named_brokers_are_taken_before_all_else(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    with open_stack("auto") as external:
        assert external.kind is StackKind.EXTERNAL
        assert external.s3 is None
        assert [broker.pid for broker in external.brokers] == [None]


@pytest.mark.integration
def test_external_s3_may_be_named_as_minio(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers)
    monkeypatch.setenv("MINIO_ENDPOINT", "127.0.0.1:9000")
    monkeypatch.setenv("MINIO_ACCESS_KEY", "key")
    monkeypatch.setenv("MINIO_SECRET_KEY", "secret")
    with open_stack("external") as external:
        assert external.s3 is not None
        assert external.s3.endpoint == "127.0.0.1:9000"


def test_named_brokers_that_do_not_answer_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "streaming_config.yaml").write_text("kafka: {connect_timeout_s: 0.3}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    with pytest.raises(StackError, match=r"does not answer.*127\.0\.0\.1:9"):
        open_stack("auto")


@pytest.mark.integration
def test_applying_keeps_what_is_not_a_place(stack: Stack) -> None:
    mine = Settings(topic_prefix="mine-", s3=S3Settings(bucket="my-images", presign_urls=True))

    applied = stack.apply(mine)

    assert applied.topic_prefix == "mine-"
    assert applied.s3.bucket == "my-images"
    assert applied.s3.presign_urls
    assert applied.kafka.bootstrap_servers == stack.bootstrap_servers
