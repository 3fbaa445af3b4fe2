"""S3ReferenceHandler: images too large for Kafka, as objects that a small record refers to.

An object is the encoded blocks back to back and nothing else: with codec zstd a sequence of frames
that ``zstd -d`` reads as one, with codec stored the image itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import quote

from minio.error import S3Error
from typing_extensions import Buffer

from wildfire_bench.errors import EmptyImage, InputError, NotRunning, ObjectStoreUnavailable
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation
from wildfire_bench.streaming.object_store.s3_client import (
    S3Client,
    connect_s3,
    object_store_errors,
)
from wildfire_bench.streaming.object_store.s3_download import PlaceBlock, RangedDownload
from wildfire_bench.streaming.object_store.s3_upload import PartedUpload, ended
from wildfire_bench.streaming.observation.store_tally import ObjectStoreSnapshot, StoreTally
from wildfire_bench.streaming.start_stop import StartStop

__all__ = ["EncodedBlocks", "S3ReferenceHandler", "object_key"]

KEY_PREFIX: Final = "images/"

EncodedBlocks: TypeAlias = (
    AsyncIterable[tuple[Buffer, int, str]] | Iterable[tuple[Buffer, int, str]]
)
"""Encoded bytes, decoded size and digest of the decoded bytes of each block, in order."""

_BUCKET_IS_THERE: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class S3ReferenceHandler(StartStop):
    """Uploads and downloads the objects of the reference route.

    Use it as ``async with``, or call `start` and `stop`. Any number of uploads and downloads may
    run at a time; they share ``2 * parallel_parts`` threads. The event loop never waits for the
    store.

    Parameters
    ----------
    settings
        Where the store is: MinIO, AWS S3, SeaweedFS or any other of that interface.
    """

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._client: S3Client | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._tally = StoreTally()
        self._bucket_ready = asyncio.Lock()
        self._bucket_seen = False

    async def start(self) -> None:
        """Get ready; nothing is sent, so that a store that is down stops no other route.

        Raises
        ------
        ObjectStoreNotConfigured
            If endpoint or keys are missing; the message names the settings.
        SettingsError
            If the endpoint cannot be one.
        """
        if self._client is None:
            threads = 2 * self.settings.parallel_parts
            self._client = connect_s3(self.settings, threads, repeated=self._tally.repeated)
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="s3")

    async def stop(self) -> None:
        """Close the connections, after uploads and downloads have ended or were cancelled."""
        client, self._client = self._client, None
        pool, self._pool = self._pool, None
        if pool is not None and client is not None:
            await asyncio.get_running_loop().run_in_executor(None, pool.shutdown)
            client.close()

    async def upload(
        self, identity: ImageIdentity, blocks: EncodedBlocks, *, variant: str = ""
    ) -> ObjectLocation:
        """Upload an image while its blocks are being encoded.

        Parameters
        ----------
        identity
            Of the image; it gives the key, so that a resend overwrites its own object with the
            same bytes and nothing is left over.
        blocks
            The encoded blocks. Memory is bounded by ``parallel_parts + 1`` parts and one block.
        variant
            What tells encodings of one image apart, such as codec, level and chunk size: an object
            must never be overwritten with other bytes, since records refer to ranges in it.

        Returns
        -------
        ObjectLocation
            Once the store has the whole object.

        Raises
        ------
        ObjectStoreUnavailable
            If the store failed or refused; what was sent is removed.
        InputError
            If the blocks are not as large as the image; `EmptyImage` if there are none.
        """
        client, pool = self._running()
        with self._tally.counting("upload"):
            location = await self._upload(client, pool, identity, blocks, variant)
        self._tally.object_bytes["upload"] += location.size_bytes
        return location

    async def _upload(
        self,
        client: S3Client,
        pool: ThreadPoolExecutor,
        identity: ImageIdentity,
        blocks: EncodedBlocks,
        variant: str,
    ) -> ObjectLocation:
        await self._ensure_bucket(client, pool)
        upload = PartedUpload(client, self.settings, pool, object_key(identity, variant))
        table: list[tuple[int, int, str]] = []
        try:
            async with contextlib.aclosing(_each(blocks)) as each:
                async for payload, size_bytes, digest in each:
                    view = memoryview(payload).cast("B")
                    table.append((view.nbytes, size_bytes, digest))
                    await upload.write(view)
            _check_whole(identity, table)
            await upload.complete()
        except BaseException:
            if not await upload.abandon():
                self._tally.orphaned_uploads += 1
            raise
        return self.location(identity, table, variant=variant)

    def location(
        self, identity: ImageIdentity, blocks: Iterable[tuple[int, int, str]], *, variant: str = ""
    ) -> ObjectLocation:
        """Where `upload` puts an image, by encoded size, decoded size and digest of its blocks."""
        table = tuple(blocks)
        return ObjectLocation(
            bucket=self.settings.bucket,
            key=object_key(identity, variant),
            size_bytes=sum(encoded for encoded, _, _ in table),
            blocks=table,
        )

    async def download(self, location: ObjectLocation, place: PlaceBlock) -> None:
        """Fetch an object block by block, several ranges at a time.

        Parameters
        ----------
        location
            The object and its block table.
        place
            Called with the index of a block, its offset in the image and its encoded bytes, in any
            order and from several threads: here the caller decodes and verifies. No call is made
            after this method has returned or raised.

        Raises
        ------
        ObjectMissing
            If there is no such object or bucket.
        ObjectStoreUnavailable
            If the store failed or refused.
        CorruptEnvelope
            If the block table contradicts itself.
        CorruptPayload
            If the object is of another size than announced. What `place` raises comes through.
        """
        client, pool = self._running()
        with self._tally.counting("download"):
            transfer = RangedDownload(client, self.settings, location, place)
            loop = asyncio.get_running_loop()
            threads = min(self.settings.parallel_parts, transfer.range_count)
            futures = [loop.run_in_executor(pool, transfer.run) for _ in range(threads)]
            try:
                await asyncio.gather(*(asyncio.shield(future) for future in futures))
            finally:
                transfer.stop()
                await ended(futures)
        self._tally.object_bytes["download"] += location.size_bytes

    async def presign(self, location: ObjectLocation) -> tuple[str, str]:
        """Sign a URL that gives the object, there or to come, to whoever holds it.

        Returns
        -------
        tuple of str
            The URL, which is a secret until it expires, and that time (RFC 3339).

        Raises
        ------
        ObjectStoreUnavailable
            If the store does not tell the bucket's region, which is signed too, or denies making
            the bucket.
        """
        client, pool = self._running()
        await self._ensure_bucket(client, pool)
        now = datetime.now(UTC).replace(microsecond=0)
        life = timedelta(seconds=self.settings.presign_expiry_s)

        def sign() -> str:
            with object_store_errors(self.settings, location.bucket, location.key):
                return client.presigned_get_object(
                    location.bucket, location.key, expires=life, request_date=now
                )

        url = await asyncio.get_running_loop().run_in_executor(pool, sign)
        return url, (now + life).replace(tzinfo=None).isoformat() + "Z"

    def snapshot(self, user: str) -> ObjectStoreSnapshot:
        """What went and came; `user` says whose handler this is. From any thread."""
        return self._tally.snapshot(user, self.settings.bucket)

    def _running(self) -> tuple[S3Client, ThreadPoolExecutor]:
        if self._client is None or self._pool is None:
            msg = "the S3 reference handler is not running: call start(), or use `async with`"
            raise NotRunning(msg)
        return self._client, self._pool

    async def _ensure_bucket(self, client: S3Client, pool: ThreadPoolExecutor) -> None:
        """Make the bucket at the first upload, not for readers, who may have no right to."""
        async with self._bucket_ready:
            if not self._bucket_seen:
                make = partial(_make_bucket, client, self.settings)
                await asyncio.get_running_loop().run_in_executor(pool, make)
                self._bucket_seen = True


def object_key(identity: ImageIdentity, variant: str = "") -> str:
    """Key of an image's object: the same for every resend in the same encoding."""
    name = quote(identity.image_id, safe="")
    return f"{KEY_PREFIX}{name}.{quote(variant, safe='')}" if variant else f"{KEY_PREFIX}{name}"


async def _each(blocks: EncodedBlocks) -> AsyncGenerator[tuple[Buffer, int, str], None]:
    """Go through blocks of either kind; an encoder that is left early is closed."""
    if isinstance(blocks, AsyncIterable):
        try:
            async for block in blocks:
                yield block
        finally:
            close = getattr(blocks, "aclose", None)
            if close is not None:
                await close()
        return
    for block in blocks:
        yield block


def _check_whole(identity: ImageIdentity, table: list[tuple[int, int, str]]) -> None:
    if not table:
        msg = f"image {identity.image_id} has no blocks to upload"
        raise EmptyImage(msg)
    size_bytes = sum(decoded for _, decoded, _ in table)
    if size_bytes != identity.size_bytes:
        msg = (
            f"image {identity.image_id} is {identity.size_bytes:,} bytes, its blocks decode to "
            f"{size_bytes:,}"
        )
        raise InputError(msg)


def _make_bucket(client: S3Client, settings: S3Settings) -> None:
    bucket = settings.bucket
    with object_store_errors(settings, bucket, action="s3:CreateBucket"):
        try:
            if client.bucket_exists(bucket):
                return
        except S3Error as error:
            # Those who may only write objects may not look; without a bucket, writing will say so.
            if error.code == "AccessDenied":
                return
            raise
        try:
            client.make_bucket(bucket, settings.region)
        except S3Error as error:
            if error.code in _BUCKET_IS_THERE:  # another process was faster
                return
            msg = (
                f"bucket {bucket} does not exist at {settings.endpoint} and cannot be made "
                f"({error.code}): create it, or set S3_BUCKET to one that exists"
            )
            raise ObjectStoreUnavailable(msg) from None
