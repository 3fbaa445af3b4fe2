"""Images above the chunk limit, as objects in S3."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from wildfire_bench.compression.codec import Buffer
from wildfire_bench.errors import ObjectStoreNotConfigured
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation

__all__ = ["S3ReferenceHandler"]


class S3ReferenceHandler:
    """Until the claim check lands: every use says that there is no object store."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Close."""

    async def upload(
        self, identity: ImageIdentity, blocks: AsyncIterator[tuple[Buffer, int, str]]
    ) -> ObjectLocation:
        """Store an image."""
        del blocks
        raise ObjectStoreNotConfigured(identity.image_id)

    async def download(
        self, location: ObjectLocation, write: Callable[[int, int, Buffer], None]
    ) -> None:
        """Fetch an image."""
        del write
        raise ObjectStoreNotConfigured(location.uri)

    async def presign(self, location: ObjectLocation) -> tuple[str, str]:
        """Sign a URL."""
        raise ObjectStoreNotConfigured(location.uri)
