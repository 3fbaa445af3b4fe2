from __future__ import annotations

import ctypes
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from confluent_kafka import KafkaError, KafkaException

from tests.streaming.conftest import picture
from wildfire_bench.compression import Buffer
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.receiving.record_reader import read_records
from wildfire_bench.streaming.recycled_memory import RecycledMemory
from wildfire_bench.streaming.sending.copying_client import CopyingClient
from wildfire_bench.streaming.sending.lending_client import LendingClient
from wildfire_bench.streaming.sending.librdkafka import load_librdkafka
from wildfire_bench.streaming.sending.producer_client import ProducerClient
from wildfire_bench.streaming.topics import topic_names

WAIT_S = 20.0
NOWHERE: dict[str, Any] = {"bootstrap.servers": "127.0.0.1:9"}
Report = tuple[KafkaError | None, RecordPlace | None]


def lending(config: dict[str, Any]) -> LendingClient:
    library = load_librdkafka()
    assert library is not None, "confluent-kafka's wheels for Linux and macOS lead to librdkafka"
    return LendingClient(library, config)


def produce(
    client: ProducerClient,
    topic: str,
    value: Buffer,
    headers: list[tuple[str, bytes]] | None = None,
) -> list[Report]:
    """Queue a record; the list holds what was reported of it."""
    reports: list[Report] = []
    client.produce(
        topic, b"key", value, headers or [], lambda error, place: reports.append((error, place))
    )
    return reports


def poll_until(client: ProducerClient, done: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline, "nothing was reported"
        client.poll(0.1)


@pytest.mark.parametrize(
    "needs_more",
    [{"sasl.mechanism": "OAUTHBEARER"}, {"oauth_cb": print}, {"default.topic.config": {}}],
)
def test_a_configuration_that_needs_other_callbacks_is_left_to_confluent_kafka(
    needs_more: dict[str, Any],
) -> None:
    served = {**NOWHERE, "error_cb": print, "stats_cb": print, "logger": logging.getLogger()}
    assert LendingClient.understands({**served, "enable.idempotence": True, "linger.ms": 0.5})
    assert not LendingClient.understands({**served, **needs_more})


@pytest.mark.parametrize(
    "wrong", [{"no.such.option": 1}, {"acks": "1", "enable.idempotence": True}]
)
def test_a_wrong_configuration_is_refused_with_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(KafkaException, match=r"no\.such\.option|acks"):
        lending({**NOWHERE, **wrong})


def test_a_full_queue_is_a_buffer_error_and_closing_reports_what_was_queued() -> None:
    client = lending({**NOWHERE, "queue.buffering.max.messages": 1})
    reports = produce(client, "topic", b"value")
    with pytest.raises(BufferError):
        produce(client, "topic", b"value")
    client.close()
    ((error, place),) = reports
    assert error is not None
    assert error.code() == KafkaError._PURGE_QUEUE
    assert place is None


def test_a_record_that_is_too_large_for_the_client_is_refused_at_once() -> None:
    client = lending({**NOWHERE, "message.max.bytes": 1000})
    with pytest.raises(KafkaException) as refused:
        produce(client, "topic", bytes(2000))
    client.close()
    assert refused.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE


def test_errors_statistics_and_log_lines_reach_the_callbacks_that_confluent_kafka_has(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors: list[KafkaError] = []
    statistics: list[str] = []
    logger = logging.getLogger("test-lending-client")
    client = lending(
        {
            **NOWHERE,
            "statistics.interval.ms": 10,
            "error_cb": errors.append,
            "stats_cb": statistics.append,
            "logger": logger,
        }
    )
    with caplog.at_level(logging.DEBUG, logger.name):
        poll_until(client, lambda: errors and statistics and caplog.messages)
    client.close()
    assert errors[0].name() in {"_TRANSPORT", "_ALL_BROKERS_DOWN"}
    assert statistics[0].startswith("{")
    assert any("refused" in message for message in caplog.messages)


def test_what_a_fatal_error_throws_away_is_reported_with_that_error() -> None:
    """Its own event may come later: the sender has to know the cause by then."""
    client = lending({**NOWHERE, "enable.idempotence": True})
    reports = produce(client, "topic", b"value")
    denied = KafkaError.CLUSTER_AUTHORIZATION_FAILED
    fail = client._library.rd_kafka_test_fatal_error
    fail.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
    assert fail(client._handle, denied, b"no id for this producer") == 0
    poll_until(client, lambda: reports)
    client.close()
    ((error, place),) = reports
    assert place is None
    assert error is not None
    assert (error.code(), error.fatal()) == (denied, True)
    assert "no id for this producer" in error.str()


def test_no_broker_is_an_error_when_connecting() -> None:
    client = lending(NOWHERE)
    with pytest.raises(KafkaException):
        client.connect(0.2)
    client.close()


@pytest.mark.parametrize("lent", [bytes, memoryview])
def test_a_value_that_cannot_change_is_lent_and_kept_until_it_is_reported(
    lent: Callable[[bytes], Buffer],
) -> None:
    value = bytes(picture(100_000))
    before = sys.getrefcount(value)
    client = lending(NOWHERE)
    produce(client, "topic", lent(value))
    held = sys.getrefcount(value)
    client.close()
    assert held > before
    assert sys.getrefcount(value) == before


def test_recycled_memory_is_lent_and_serves_again_only_once_it_is_reported() -> None:
    memory = RecycledMemory()
    client = lending({**NOWHERE, "message.max.bytes": 8_000_000})
    produce(client, "topic", memory.keep(bytes(picture(2 << 20))))
    assert memory.spare_bytes == 0
    client.close()
    assert memory.spare_bytes == 2 << 20


def test_a_view_that_the_caller_releases_is_kept_all_the_same() -> None:
    value = bytes(picture(100_000))
    before = sys.getrefcount(value)
    view = memoryview(value)[10:]
    client = lending(NOWHERE)
    produce(client, "topic", view)
    view.release()
    held = sys.getrefcount(value)
    client.close()
    assert held > before
    assert sys.getrefcount(value) == before


def test_what_is_called_after_closing_is_an_error_and_no_crash() -> None:
    client = lending(NOWHERE)
    client.close()
    for call in (
        lambda: produce(client, "topic", b"value"),
        lambda: client.flush(0.1),
        lambda: client.connect(0.1),
    ):
        with pytest.raises(KafkaException) as refused:
            call()
        assert refused.value.args[0].code() == KafkaError._DESTROY


def test_closing_waits_for_calls_of_other_threads() -> None:
    client = lending({**NOWHERE, "message.timeout.ms": 60_000})
    reports = produce(client, "topic", b"value")
    ended: list[str] = []

    def flush() -> None:
        client.flush(WAIT_S)
        ended.append("flush")

    thread = threading.Thread(target=flush)
    thread.start()
    poll_until(client, lambda: client._calls == 1)
    client.close()
    ended.append("close")
    thread.join()
    assert len(reports) == 1
    assert client._calls == 0
    assert set(ended) == {"flush", "close"}


def test_an_interpreter_that_ends_without_stop_gives_its_lent_memory_back_first() -> None:
    program = """
import asyncio
from wildfire_bench.settings import KafkaSettings, ProducerSettings
from wildfire_bench.streaming.sending.lane import ProducerLane, Record

async def main():
    kafka = KafkaSettings(bootstrap_servers="127.0.0.1:9")
    lane = ProducerLane(kafka, ProducerSettings(), lend=True)
    for _ in range(4):
        await lane.produce(Record("topic", b"key", bytes(5_000_000), [], "image"))

asyncio.run(main())
print("left")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "left\n"), ended.stderr


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["lending", "copying"])
@pytest.mark.parametrize("value", [b"", b"small", picture(3_000_000)], ids=len)
def test_both_clients_write_the_same_record_and_say_where(
    topics: Settings, kind: str, value: bytes
) -> None:
    config = {**client_config(topics.kafka), "message.max.bytes": 8_000_000}
    client: ProducerClient = lending(config) if kind == "lending" else CopyingClient(config)
    headers = [("a", b"1"), ("b", b"\x00\xff"), ("a", b"")]
    reports = produce(client, topic_names(topics).chunks, value, headers)
    poll_until(client, lambda: reports)
    client.close()
    ((error, place),) = reports
    assert error is None
    assert place is not None
    (record,) = read_records(topics, [place])
    assert (record.key, record.value, list(record.headers)) == (b"key", value, headers)


@pytest.mark.integration
def test_memory_that_its_owner_may_change_is_copied(topics: Settings) -> None:
    client = lending(
        {**client_config(topics.kafka), "message.max.bytes": 8_000_000, "linger.ms": 300}
    )
    memory = np.full(1_000_000, 7, np.uint8)
    reports = produce(client, topic_names(topics).chunks, memoryview(memory).toreadonly())
    memory[:] = 8
    poll_until(client, lambda: reports)
    client.close()
    assert reports[0][1] is not None
    (record,) = read_records(topics, [reports[0][1]])
    assert set(record.value) == {7}


@pytest.mark.integration
def test_flush_waits_until_all_is_reported_while_another_thread_polls(topics: Settings) -> None:
    client = lending(client_config(topics.kafka))
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            client.poll(0.05)

    thread = threading.Thread(target=poll)
    thread.start()
    reports = [produce(client, topic_names(topics).chunks, bytes(500_000)) for _ in range(5)]
    client.flush(WAIT_S)
    done.set()
    thread.join()
    client.close()
    assert [len(found) for found in reports] == [1] * 5
