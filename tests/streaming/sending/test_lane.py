from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.errors import BrokerUnavailable
from wildfire_bench.settings import KafkaSettings, ProducerSettings
from wildfire_bench.streaming.model import RecordPlace
from wildfire_bench.streaming.sending import lane as lane_module
from wildfire_bench.streaming.sending.lane import ProducerLane, Record
from wildfire_bench.streaming.sending.lending_client import LendingClient

NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:9")
WAIT_S = 20.0


@pytest.mark.parametrize("lend", [True, False], ids=["lending", "copying"])
async def test_callbacks_of_the_options_are_called_beside_those_of_the_lane(lend: bool) -> None:
    errors: list[KafkaError] = []
    documents: list[str] = []
    extra: dict[str, Any] = {
        "statistics.interval.ms": 10,
        "stats_cb": documents.append,
        "error_cb": errors.append,
    }
    lane = ProducerLane(NOWHERE, ProducerSettings(), lend=lend, extra=extra)
    try:
        async with asyncio.timeout(WAIT_S):
            while not (errors and documents and lane.figures().transmitted_bytes is not None):
                await asyncio.sleep(0.01)
    finally:
        await lane.stop(0)


async def test_a_lane_is_broken_after_a_fatal_error_whoever_else_is_told() -> None:
    errors: list[KafkaError] = []
    lane = ProducerLane(NOWHERE, ProducerSettings(), lend=True, extra={"error_cb": errors.append})
    assert isinstance(lane._client, LendingClient)
    on_error = lane._client._on_error
    assert on_error is not None
    fatal = KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "lost its sequence", True)
    on_error(fatal)
    await lane.stop(0)
    assert lane.broken
    assert any(error is fatal for error in errors)


class Client:
    """A client that notes what is asked of it, and acknowledges what it is given."""

    def __init__(self, *, reachable: bool) -> None:
        self.reachable = reachable
        self.asked: list[str] = []
        self._ended = threading.Event()

    def connect(self, timeout_s: float) -> None:
        assert timeout_s > 0
        self.asked.append("connect")
        if not self.reachable:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    def produce(self, topic: str, _key: Any, _value: Any, _headers: Any, delivered: Any) -> None:
        self.asked.append("produce")
        delivered(None, RecordPlace(topic, 0, len(self.asked)))

    def poll(self, timeout_s: float) -> None:
        self._ended.wait(timeout_s)

    def flush(self, _timeout_s: float) -> None:
        pass

    def close(self) -> None:
        self._ended.set()

    def __len__(self) -> int:
        return 0


async def send_three(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "open_client", lambda *_, **__: client)
    lane = ProducerLane(NOWHERE, ProducerSettings())
    record = Record("topic", b"key", b"value", [], "an image")
    async with asyncio.timeout(WAIT_S):
        waiting = await asyncio.gather(*(lane.produce(record) for _ in range(3)))
        await asyncio.gather(*waiting)
    await lane.stop(0)


@pytest.mark.parametrize("reachable", [True, False])
async def test_the_first_records_wait_for_one_connection_or_are_left_to_the_client(
    reachable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(reachable=reachable)
    await send_three(client, monkeypatch)
    assert client.asked == ["connect", "produce", "produce", "produce"]


async def test_a_lane_that_was_connected_does_not_connect_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = Client(reachable=False)
    monkeypatch.setattr(lane_module, "open_client", lambda *_, **__: client)
    lane = ProducerLane(NOWHERE, ProducerSettings())
    with pytest.raises(BrokerUnavailable, match="no Kafka broker answered within 3 s"):
        await lane.connect(3)
    await (await lane.produce(Record("topic", b"key", b"value", [], "an image")))
    await lane.stop(0)
    assert client.asked == ["connect", "produce"]
