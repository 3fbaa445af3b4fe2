from __future__ import annotations

import pytest

from wildfire_bench.errors import InputError
from wildfire_bench.streaming.model import ImageIdentity, Route
from wildfire_bench.streaming.satellite_image import SatelliteImage


async def test_a_refusal_without_words_is_an_error_and_acknowledges_nothing() -> None:
    settled: list[str | None] = []

    async def settle(reason: str | None) -> None:
        settled.append(reason)

    identity = ImageIdentity("s-1", "s", 1, "xxh3-128:0", "image/tiff", None)
    image = SatelliteImage(
        memoryview(b"x"), {}, identity, Route.DIRECT, "stored", (), settle=settle
    )
    with pytest.raises(InputError, match="say in words"):
        await image.nack(None)  # type: ignore[arg-type]
    assert settled == []
