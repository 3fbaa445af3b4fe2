"""The catalogue on the metadata topic: browse it, and fetch one image by its entry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import (
    CorruptEnvelope,
    InputError,
    ObjectStoreNotConfigured,
    RecordMissing,
    WildfireBenchError,
)
from wildfire_bench.settings import Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.binary_serializer import decode_block
from wildfire_bench.streaming.envelope.digest import check_digest
from wildfire_bench.streaming.model import Chunk, Kind, ObjectLocation, RecordPlace, Route
from wildfire_bench.streaming.receiving.image_buffer import BufferBudget
from wildfire_bench.streaming.receiving.record_reader import StoredRecord, read_records, read_topic
from wildfire_bench.streaming.receiving.reference_fetch import download_into
from wildfire_bench.streaming.receiving.whole_record import (
    check_value,
    decode_json_record,
    decode_whole,
)
from wildfire_bench.streaming.satellite_image import SatelliteImage
from wildfire_bench.streaming.stac.item import CatalogueEntry, parse_item
from wildfire_bench.streaming.topics import topic_names
from wildfire_bench.streaming.wire import read_envelope

__all__ = ["browse", "fetch", "find_entry"]


def browse(settings: Settings | None = None) -> Iterator[CatalogueEntry]:
    """All entries that the metadata topic holds now, partition by partition; blocks.

    Entries that cannot be read are passed over: the consumer sends these to the dead letters.

    Raises
    ------
    BrokerUnavailable, TopicMissing
        If there is no answer, or no such topic.
    """
    settings = settings or load_settings().settings
    for record in read_topic(settings, topic_names(settings).metadata):
        try:
            check_value(read_envelope(record.headers, record.key), record.value)
            yield parse_item(record.value)
        except WildfireBenchError:
            continue


def find_entry(image_id: str, settings: Settings | None = None) -> CatalogueEntry:
    """The latest entry of an image; blocks, and reads the catalogue for it.

    Raises
    ------
    RecordMissing
        If the catalogue holds no such image.
    """
    found = None
    for entry in browse(settings):
        if entry.identity.image_id == image_id:
            found = entry
    if found is None:
        msg = f"the catalogue has no image {image_id}: see `wildfire-bench catalogue list`"
        raise RecordMissing(msg)
    return found


async def fetch(
    item: CatalogueEntry | Buffer, *, settings: Settings | None = None
) -> SatelliteImage:
    """Get one image by its catalogue entry, without reading the topics that it lies in.

    Parameters
    ----------
    item
        An entry, or the bytes of its STAC Item.
    settings
        Connections and limits; None reads ``streaming_config.yaml`` and the environment.

    Returns
    -------
    SatelliteImage
        Verified byte for byte. There is nothing to acknowledge.

    Raises
    ------
    RecordMissing, ObjectMissing
        If it is no longer kept.
    CorruptData
        If it is not what was sent.
    InputError
        If `item` is of another kind.
    ObjectStoreNotConfigured
        If it lies in S3 and there is no object store.
    """
    if not isinstance(item, CatalogueEntry | bytes | bytearray | memoryview):
        msg = (
            f"item is of type {type(item).__name__}: give an entry of the catalogue, or the bytes "
            "of a STAC Item"
        )
        raise InputError(msg)
    settings = settings or load_settings().settings
    entry = item if isinstance(item, CatalogueEntry) else parse_item(item)
    size = entry.identity.size_bytes
    buffer = BufferBudget(settings.routing.max_image_bytes, 0).allocate(size)
    if buffer is None:
        msg = f"image of {size:,} bytes is above routing.max_image_bytes"
        raise CorruptEnvelope(msg)
    location = entry.location
    places: tuple[RecordPlace, ...] = ()
    if isinstance(location, ObjectLocation):
        await _from_store(settings, entry, location, buffer.view)
    else:
        places = location
        await asyncio.to_thread(_from_kafka, settings, entry, location, buffer.view)
    check_digest(buffer.view, entry.identity.digest, f"image {entry.identity.image_id}")
    return SatelliteImage(
        data=buffer.view.toreadonly(),
        metadata=entry.metadata,
        identity=entry.identity,
        route=entry.route,
        codec=entry.codec,
        places=places,
    )


async def _from_store(
    settings: Settings, entry: CatalogueEntry, location: ObjectLocation, out: memoryview
) -> None:
    if not settings.s3.configured:
        msg = (
            f"image lies in {location.uri} and no object store is configured: set S3_ENDPOINT, "
            "S3_ACCESS_KEY and S3_SECRET_KEY"
        )
        raise ObjectStoreNotConfigured(msg)
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

    store = S3ReferenceHandler(settings.s3)
    await store.start()
    try:
        await download_into(store, location, entry.codec, out)
    finally:
        await store.stop()


def _from_kafka(
    settings: Settings, entry: CatalogueEntry, places: tuple[RecordPlace, ...], out: memoryview
) -> None:
    for record in read_records(settings, places):
        _place(record, entry, out)


def _place(record: StoredRecord, entry: CatalogueEntry, out: memoryview) -> None:
    """Decode one record into its place, after a check that it is of the image asked for."""
    envelope = read_envelope(record.headers, record.key)
    if envelope.identity != entry.identity:
        msg = f"record {record.place} holds another image than {entry.identity.image_id}"
        raise CorruptEnvelope(msg)
    if entry.route is Route.JSON:
        out[:], _ = decode_json_record(envelope, record.value)
    elif entry.route is Route.DIRECT:
        decode_whole(envelope, record.value, out)
    elif envelope.kind is not Kind.CHUNK:
        msg = f"record {record.place} is no chunk of {entry.identity.image_id}"
        raise CorruptEnvelope(msg)
    else:
        block = Chunk(envelope, record.value, record.place).block
        part = out[block.offset_bytes : block.offset_bytes + block.size_bytes]
        what = f"image {entry.identity.image_id}"
        decode_block(envelope.codec, record.value, part, block.digest, what)
