"""Topics of the test's own on the session's stack."""

from __future__ import annotations

import pytest

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import TopicNames, topic_names, topic_specs


@pytest.fixture
def topics(settings: Settings) -> TopicNames:
    """Names of topics that exist."""
    ensure_topics(open_admin(settings), topic_specs(settings))
    return topic_names(settings)
