"""What tests of codecs share."""

from __future__ import annotations

import pytest

from wildfire_bench.compression.pixel_loops import engine


@pytest.fixture(scope="session", autouse=True)
def _compiled_loops() -> None:
    """Compile the pixel loops before any test counts its time."""
    engine()
