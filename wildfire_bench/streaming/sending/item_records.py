"""Catalogue entries as records, and how large the blocks of an object must be for one to fit.

The entry of a reference lists each block of its object and is written once the object is uploaded:
that it fits its topic is made sure of before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NoReturn

from wildfire_bench.compression.codec import ImageEncoder
from wildfire_bench.errors import ImageTooLarge
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.model import ImageIdentity, Kind, ObjectLocation, Route
from wildfire_bench.streaming.routing import MAX_BLOCK_BYTES, fitting_block_bytes
from wildfire_bench.streaming.sending.image_lanes import ImageLanes, size_of
from wildfire_bench.streaming.sending.lane import Record
from wildfire_bench.streaming.sending.outgoing_image import OutgoingImage
from wildfire_bench.streaming.stac.item import (
    MAX_ITEM_BYTES,
    Location,
    block_entry_bytes,
    build_item,
)
from wildfire_bench.streaming.topics import topic_names

if TYPE_CHECKING:
    from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

__all__ = ["ItemRecords", "object_variant"]

_LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)
"""No time is written longer."""


class ItemRecords:
    """Writes them.

    Parameters
    ----------
    settings, lanes
        Topics, and what gives a record its key.
    store
        The object store, if there is one; it signs URLs where the settings ask for it.
    """

    def __init__(
        self, settings: Settings, lanes: ImageLanes, store: S3ReferenceHandler | None
    ) -> None:
        self._settings, self._lanes, self._store = settings, lanes, store
        self._topic = topic_names(settings).metadata

    async def record(
        self,
        image: OutgoingImage,
        route: Route,
        codec: str,
        location: Location,
        *,
        created: datetime | None = None,
    ) -> Record:
        """The entry of an image, as `build_item` writes it."""
        value = build_item(image.identity, image.metadata, route, codec, location, created=created)
        dataref = location.uri if isinstance(location, ObjectLocation) else None
        digest = digest_of(value)
        envelope = image.envelope(Kind.ITEM, codec, value_digest=digest, dataref=dataref)
        if (
            self._settings.s3.presign_urls
            and self._store is not None
            and isinstance(location, ObjectLocation)
        ):
            url, expires = await self._store.presign(location)
            envelope = replace(envelope, presigned_url=url, presigned_expires=expires)
        return self._lanes.record(self._topic, envelope, value)

    async def block_bytes(
        self,
        store: S3ReferenceHandler,
        image: OutgoingImage,
        encoder: ImageEncoder,
        record_bytes: int,
    ) -> int:
        """Raw size of the blocks of an image's object, so that its entry fits.

        The entry is counted as it is before the client compresses it, the user's metadata in it
        included.

        Parameters
        ----------
        store, encoder
            What will make the object.
        image
            Which.
        record_bytes
            What the metadata topic takes.

        Returns
        -------
        int
            ``routing.chunk_bytes``, or more.

        Raises
        ------
        ImageTooLarge
            If it fits in no way; the message has the figures and says what to raise.
        """
        identity = image.identity
        largest = 2 * MAX_BLOCK_BYTES, MAX_BLOCK_BYTES, identity.digest
        location = store.location(
            identity, [largest], variant=object_variant(encoder, MAX_BLOCK_BYTES)
        )
        location = replace(location, size_bytes=2 * identity.size_bytes)
        with_one = await self.record(
            image, Route.REFERENCE, encoder.name, location, created=_LAST_MOMENT
        )
        of_a_block = block_entry_bytes(largest)
        value_bytes = memoryview(with_one.value).nbytes
        room = min(record_bytes - size_of(with_one), MAX_ITEM_BYTES - value_bytes)
        max_blocks = 1 + room // of_a_block  # 0 or less where it has room for none
        block_bytes = fitting_block_bytes(identity.size_bytes, self._settings.routing, max_blocks)
        if not block_bytes:
            more = (identity.size_bytes - 1) // MAX_BLOCK_BYTES * of_a_block
            self._refuse(identity, size_of(with_one) + more, record_bytes)
        return block_bytes

    def _refuse(self, identity: ImageIdentity, entry_bytes: int, record_bytes: int) -> NoReturn:
        msg = (
            f"the catalogue entry of {identity.image_id} would be {entry_bytes:,} bytes, be the "
            f"image in blocks of {MAX_BLOCK_BYTES:,}; "
        )
        if entry_bytes > record_bytes:
            msg += (
                f"topic {self._topic} takes {record_bytes:,}: raise its max.message.bytes, or send "
                "less metadata"
            )
        else:
            msg += f"an entry may have {MAX_ITEM_BYTES:,}: send the image in parts"
        raise ImageTooLarge(msg)


def object_variant(encoder: ImageEncoder, block_bytes: int) -> str:
    """What tells the objects of an image apart.

    Another codec or cut gives other bytes: they get a key of their own, so that no entry of an
    earlier send ever points into them.
    """
    return f"{encoder.name}-{encoder.level}-{block_bytes}"
