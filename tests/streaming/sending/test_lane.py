from __future__ import annotations

import asyncio
from typing import Any

import pytest
from confluent_kafka import KafkaError

from wildfire_bench.settings import KafkaSettings, ProducerSettings
from wildfire_bench.streaming.sending.lane import ProducerLane
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
