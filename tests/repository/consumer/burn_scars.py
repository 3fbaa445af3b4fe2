"""A program of somebody else, checked by mypy --strict against the installed wheel; never run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wildfire_bench import (
    KafkaDataProducer,
    Receipt,
    Route,
    SatelliteImage,
    SatelliteImageConsumer,
    Settings,
    browse,
    fetch,
    load_settings,
)
from wildfire_bench.errors import DeliveryFailed


async def send(scene: Path, settings: Settings) -> Receipt | None:
    metadata: Mapping[str, str] = {"satellite": "sentinel-2"}
    try:
        async with KafkaDataProducer(settings=settings) as producer:
            return await producer.send_satellite_image(
                image_data=scene, metadata=metadata, source_id="copernicus"
            )
    except DeliveryFailed as error:
        print(error)
        return None


async def receive(settings: Settings) -> list[bytes]:
    found: list[bytes] = []
    async with SatelliteImageConsumer(settings=settings, group_id="burn-scars") as images:
        async for image in images:
            taken: SatelliteImage = image
            if taken.route is Route.DIRECT:
                found.append(bytes(taken.data))
            await taken.ack()
    return found


async def newest(folder: Path) -> int:
    settings = load_settings(folder / "streaming_config.yaml").settings
    size_bytes = 0
    for item in browse(settings):
        image = await fetch(item, settings=settings)
        size_bytes += len(image.data)
    return size_bytes
