"""The README's program runs as it is printed, but for the prefix of the topics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.documents import code_blocks, document
from wildfire_bench.samples import sample
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs

pytestmark = pytest.mark.integration


@pytest.fixture
def printed(settings: Settings, tmp_path: Path) -> str:
    """What the program prints when it finds the stack of the tests."""
    ensure_topics(open_admin(settings), topic_specs(settings))
    (program,) = code_blocks(document("README.md"), "python")
    own_topics = f"Settings(topic_prefix={settings.topic_prefix!r})"
    done = subprocess.run(
        [sys.executable, "-c", program.replace("Settings()", own_topics)],
        cwd=tmp_path,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_sends_and_receives_an_image(printed):
    sent, received = printed.splitlines()
    size_bytes = sample("sentinel-2", 20_000_000).size_bytes
    assert (sent.split()[0], received) == ("direct", f"{size_bytes} True")
