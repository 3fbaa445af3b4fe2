"""A user's shell: an empty folder and an environment that names the test's brokers and topics."""

from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs


@pytest.fixture
def user(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings that a command finds by itself; its topics exist."""
    ensure_topics(open_admin(settings), topic_specs(settings))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_TOPIC_PREFIX", settings.topic_prefix)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)
    return settings
