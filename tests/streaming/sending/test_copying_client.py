from __future__ import annotations

import ctypes
import time

import pytest
from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.sending.copying_client import CopyingClient
from wildfire_bench.streaming.sending.librdkafka import load_librdkafka

NOWHERE = {"bootstrap.servers": "127.0.0.1:9", "enable.idempotence": True}
DENIED = KafkaError.CLUSTER_AUTHORIZATION_FAILED
WAIT_S = 10.0

Reports = list[tuple[KafkaError | None, RecordPlace | None]]


def queued(client: CopyingClient) -> Reports:
    """What is reported on a record that waits for a broker."""
    reports: Reports = []
    client.produce("topic", b"k", b"value", [], lambda *report: reports.append(report))
    return reports


def break_down(client: CopyingClient) -> None:
    """Let librdkafka believe in a fatal error."""
    library = load_librdkafka()
    if library is None:
        pytest.skip("librdkafka's own functions are out of reach here")
    fail = library.rd_kafka_test_fatal_error
    fail.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
    # the first member of confluent-kafka's object
    handle = ctypes.c_void_p.from_address(id(client._producer) + object.__basicsize__)
    assert fail(handle, DENIED, b"no id for this producer") == 0


def test_what_a_fatal_error_throws_away_is_reported_with_that_error() -> None:
    client = CopyingClient(NOWHERE)
    reports = queued(client)
    break_down(client)
    with pytest.raises(KafkaException, match="no id for this producer"):
        poll_until_reported(client, reports)
    poll_until_reported(client, reports)
    client.close()
    ((error, place),) = reports
    assert place is None
    assert error is not None
    assert (error.code(), error.fatal()) == (DENIED, True)
    assert "no id for this producer" in error.str()


def test_what_closing_throws_away_is_reported_as_such() -> None:
    client = CopyingClient(NOWHERE)
    reports = queued(client)
    client.close()
    ((error, _),) = reports
    assert error is not None
    assert error.code() == KafkaError._PURGE_QUEUE


def poll_until_reported(client: CopyingClient, reports: Reports) -> None:
    deadline = time.monotonic() + WAIT_S
    while not reports:
        assert time.monotonic() < deadline, "nothing was reported"
        client.poll(0.1)
