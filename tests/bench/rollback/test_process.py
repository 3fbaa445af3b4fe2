import os

import pytest

from wildfire_bench.bench.rollback.process import RehearsalProcess
from wildfire_bench.errors import BenchmarkError

NOWHERE = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "KAFKA_CONNECT_TIMEOUT_S": "0.2",
    "KAFKA_SASL_PASSWORD": "marker",
    "WILDFIRE_CONFIG": os.devnull,
}


async def test_one_that_cannot_start_is_told_with_its_own_words_and_without_its_secrets():
    with pytest.raises(BenchmarkError, match="producer-1 ended while it started") as raised:
        await RehearsalProcess.start(
            ("producer", "producer-1", "g"), {**os.environ, **NOWHERE}, lambda told: None
        )
    assert "no Kafka broker answered at 127.0.0.1:1" in str(raised.value)
    assert "marker" not in str(raised.value)
