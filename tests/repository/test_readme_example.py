"""The README's program runs as it is printed, but for the address and the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.documents import code_blocks, document
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import topic_specs

pytestmark = pytest.mark.integration

TIFF = b"II*\0\x08\0\0\0" + bytes(range(256)) * 64


@pytest.fixture
def printed(settings: Settings, tmp_path: Path) -> str:
    """What the program prints when it runs in a folder with an image."""
    ensure_topics(open_admin(settings), topic_specs(settings))
    (tmp_path / "scene.tif").write_bytes(TIFF)
    (program,) = code_blocks(document("README.md"), "python")
    done = subprocess.run(
        [sys.executable, "-c", program.replace("localhost:9092", settings.kafka.bootstrap_servers)],
        cwd=tmp_path,
        env={"WILDFIRE_TOPIC_PREFIX": settings.topic_prefix},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_sends_and_receives_an_image(printed):
    sent, received = printed.splitlines()
    assert (sent.split()[0], received.split()[1:]) == ("direct", [str(len(TIFF)), "Landsat-8"])
