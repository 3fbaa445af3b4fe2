"""A real broker and S3, started from wheels and jars."""

from __future__ import annotations

import io

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from minio import Minio

from wildfire_bench.settings import Settings
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.connection import client_config

pytestmark = pytest.mark.integration


def test_topic_can_be_made_at_once(settings: Settings) -> None:
    admin = AdminClient(client_config(settings.kafka))
    topic = f"{settings.topic_prefix}first"

    admin.create_topics([NewTopic(topic, 1)])[topic].result(timeout=10)

    assert topic in admin.list_topics(timeout=5).topics


def test_object_can_be_stored_at_once(settings: Settings) -> None:
    s3 = settings.s3
    assert s3.endpoint is not None
    assert s3.secret_key is not None
    client = Minio(s3.endpoint, s3.access_key, s3.secret_key.get_secret_value(), secure=False)

    client.make_bucket(s3.bucket)
    client.put_object(s3.bucket, "one", io.BytesIO(b"1"), 1)

    assert client.stat_object(s3.bucket, "one").size == 1


def test_s3_keys_show_nowhere_in_a_printed_stack(stack: Stack) -> None:
    assert stack.s3 is not None
    assert stack.s3.secret_key is not None

    shown = f"{stack!r} {stack.s3!r} {stack.brokers!r} {stack.s3_server!r}"

    assert stack.s3.secret_key.get_secret_value() not in shown
