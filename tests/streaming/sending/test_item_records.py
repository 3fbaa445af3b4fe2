"""Catalogue entries that fit their topic, however the image must be cut for it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from pydantic import SecretStr

from tests.streaming.conftest import picture
from tests.streaming.stac.test_item import IDENTITY, ZEROS
from tests.streaming.test_kafka_producer import limit_topic, stored
from wildfire_bench import KafkaDataProducer, browse, fetch
from wildfire_bench.compression.zstd import ZstdCodec
from wildfire_bench.errors import ImageTooLarge, RecordTooLarge
from wildfire_bench.settings import RoutingSettings, S3Settings, Settings
from wildfire_bench.streaming.envelope.metadata import MAX_METADATA_BYTES
from wildfire_bench.streaming.model import ObjectLocation, Receipt, Route
from wildfire_bench.streaming.object_store.s3_client import connect_s3
from wildfire_bench.streaming.routing import MAX_BLOCK_BYTES, chunk_places
from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler
from wildfire_bench.streaming.sending.image_lanes import ImageLanes, size_of
from wildfire_bench.streaming.sending.image_source import ImageSource
from wildfire_bench.streaming.sending.item_records import ItemRecords, object_variant
from wildfire_bench.streaming.sending.outgoing_image import OutgoingImage
from wildfire_bench.streaming.stac.item import CatalogueEntry, parse_item
from wildfire_bench.streaming.topics import topic_names
from wildfire_bench.streaming.wire import record_bytes

IMAGE_BYTES, CHUNK_BYTES = 6_000_000, 65_536
DENSE = random.Random(7).randbytes(1_000).hex()
"""Metadata that zstd makes half as long at best."""


@pytest.fixture
def small(topics: Settings) -> Settings:
    """Settings by which a small image goes by reference, in 92 blocks."""
    routing = RoutingSettings(direct_max_bytes=1, chunked_max_bytes=1, chunk_bytes=CHUNK_BYTES)
    return topics.model_copy(update={"routing": routing})


async def entry_of(settings: Settings, receipt: Receipt) -> tuple[CatalogueEntry, int]:
    """A catalogue entry, and the bytes of its record before it was compressed."""
    assert receipt.item_place is not None
    record = await stored(settings, receipt.item_place)
    headers = [(name, value or b"") for name, value in record.headers]
    return parse_item(record.value), record_bytes(record.key or b"", headers, len(record.value))


def block_sizes(entry: CatalogueEntry) -> list[int]:
    assert isinstance(entry.location, ObjectLocation)
    return [decoded for _, decoded, _ in entry.location.blocks]


@pytest.mark.parametrize(
    ("size_bytes", "topic_bytes", "block_bytes"),
    [
        (900_000_000, 1 << 20, CHUNK_BYTES),
        (1_000_000_000, 1 << 20, 2 * CHUNK_BYTES),
        (4_000_000_000, 1 << 20, 8 * CHUNK_BYTES),
        (4_000_000_000, 100 << 10, 128 * CHUNK_BYTES),
        (4_000_000_000, 72 << 10, MAX_BLOCK_BYTES),
    ],
)
async def test_the_entry_of_an_image_of_any_size_fits_its_topic_with_the_most_metadata(
    size_bytes: int, topic_bytes: int, block_bytes: int
) -> None:
    settings = Settings(
        routing=RoutingSettings(chunk_bytes=CHUNK_BYTES),
        s3=S3Settings(endpoint="s3:9000", access_key="key", secret_key=SecretStr("secret")),
    )
    identity = replace(IDENTITY, size_bytes=size_bytes)
    metadata = {"note": "x" * (MAX_METADATA_BYTES - 11)}
    image = OutgoingImage(ImageSource(b"-", 1), identity, metadata, replay="f" * 32)
    store, encoder = S3ReferenceHandler(settings.s3), ZstdCodec(1).for_image(b"")
    records = ItemRecords(settings, ImageLanes(settings, {}), store)
    found = await records.block_bytes(store, image, encoder, topic_bytes)
    assert found == block_bytes

    blocks = [(size + size // 300, size, ZEROS) for _, size in chunk_places(size_bytes, found)]
    location = store.location(identity, blocks, variant=object_variant(encoder, found))
    record = await records.record(image, Route.REFERENCE, "zstd", location)
    assert size_of(record) <= topic_bytes


@pytest.mark.integration
@pytest.mark.parametrize("presigned", [False, True])
@pytest.mark.parametrize(("note", "room"), [("", 700), (DENSE, 700), ("", 0)])
async def test_an_image_is_cut_into_larger_blocks_until_its_entry_fits_the_topic(
    small: Settings, presigned: bool, note: str, room: int
) -> None:
    settings = small.model_copy(
        update={"s3": small.s3.model_copy(update={"presign_urls": presigned})}
    )
    image, metadata = picture(IMAGE_BYTES), {"note": note}
    async with KafkaDataProducer(settings=settings) as producer:
        one_block = await producer.send_satellite_image(picture(CHUNK_BYTES), metadata)
        limit = (await entry_of(settings, one_block))[1] + 40 + room
        limit_topic(settings, topic_names(settings).metadata, limit)
    async with KafkaDataProducer(settings=settings) as producer:
        receipt = await producer.send_satellite_image(image, metadata)
    entry, size = await entry_of(settings, receipt)
    assert size <= limit
    first, *_ = sizes = block_sizes(entry)
    assert (first, len(sizes)) == ((8 * CHUNK_BYTES, 12) if room else (IMAGE_BYTES, 1))
    assert (await fetch(entry, settings=settings)).data == image


@pytest.mark.integration
async def test_an_image_whose_entry_fits_is_cut_as_the_settings_say(small: Settings) -> None:
    async with KafkaDataProducer(settings=small) as producer:
        receipt = await producer.send_satellite_image(picture(IMAGE_BYTES), {"note": DENSE})
    assert len(block_sizes((await entry_of(small, receipt))[0])) == 92


@pytest.mark.integration
async def test_an_entry_that_fits_in_no_way_is_refused_before_anything_is_uploaded(
    small: Settings,
) -> None:
    topic = topic_names(small).metadata
    limit_topic(small, topic, 2_000)
    async with KafkaDataProducer(settings=small) as producer:
        with pytest.raises(ImageTooLarge, match=rf"{topic} takes 2,000: raise its max.message"):
            await producer.send_satellite_image(picture(IMAGE_BYTES), {"note": DENSE})
    store = connect_s3(small.s3, 1)
    assert not store.bucket_exists(small.s3.bucket)
    store.close()


@pytest.mark.integration
async def test_a_limit_that_was_lowered_since_the_start_counts_from_the_next_send(
    small: Settings,
) -> None:
    image = picture(IMAGE_BYTES)
    async with KafkaDataProducer(settings=small) as producer:
        await producer.send_satellite_image(picture(CHUNK_BYTES))
        limit_topic(small, topic_names(small).metadata, 2_500)
        with pytest.raises(RecordTooLarge):
            await producer.send_satellite_image(image)
        await producer.send_satellite_image(image)
    *_, entry = await asyncio.to_thread(lambda: list(browse(small)))
    assert len(block_sizes(entry)) < 92
