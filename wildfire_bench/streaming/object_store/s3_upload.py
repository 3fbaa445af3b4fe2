"""An object that is uploaded while it is being made, in parts side by side."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any, Final

from wildfire_bench.errors import ObjectStoreError
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.object_store.s3_client import S3Client, object_store_errors

__all__ = ["PartedUpload", "ended"]

log = logging.getLogger(__name__)


_PUT: Final = "s3:PutObject"
"""All steps of an upload are this one action to a policy, but for its end without an object."""
_ABORT: Final = "s3:AbortMultipartUpload"


class PartedUpload:
    """One object, written front to back; it exists only once `complete` returned.

    Holds at most ``parallel_parts + 1`` parts of ``part_bytes``: those under way and the one that
    is being filled. An object of less than a part goes up in one request.

    Parameters
    ----------
    client, settings
        The store, and how large and how many parts are.
    pool
        Threads that send.
    key
        Of the object, in the settings' bucket.
    """

    def __init__(self, client: S3Client, settings: S3Settings, pool: Executor, key: str) -> None:
        self._client, self._settings, self._pool = client, settings, pool
        self._bucket, self._key = settings.bucket, key
        self._filling = bytearray()
        self._under_way: set[asyncio.Future[None]] = set()
        self._upload_id: str | None = None
        self._etags: dict[int, str] = {}
        self._parts = 0

    async def write(self, data: memoryview) -> None:
        """Append bytes; waits while as many parts as allowed are under way.

        Raises
        ------
        ObjectStoreUnavailable
            If a part could not be sent. Call `abandon` then.
        """
        while data:
            taken = self._settings.part_bytes - len(self._filling)
            self._filling += data[:taken]
            data = data[taken:]
            if len(self._filling) == self._settings.part_bytes:
                await self._send_filled()

    async def complete(self) -> None:
        """Send what is left and make the object.

        Raises
        ------
        ObjectStoreUnavailable
            If that failed. Call `abandon` then.
        """
        if self._upload_id is None:
            await self._in_thread(self._put_whole)
            return
        if self._filling:
            await self._send_filled()
        while self._under_way:
            await self._wait_for_one()
        await self._in_thread(self._complete)

    async def abandon(self) -> bool:
        """Throw away what was sent, after the last part under way has ended.

        It is called because of an error or a cancellation, which the caller raises again: being
        cancelled once more adds nothing, and must not leave parts behind.

        Returns
        -------
        bool
            False when that failed, and parts stay behind.
        """
        with contextlib.suppress(asyncio.CancelledError):
            await ended(self._under_way)
        if self._upload_id is None:
            return True
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await self._in_thread(self._abort)
        except ObjectStoreError as error:
            log.warning(
                "parts of an upload stay behind and cost space, until a lifecycle rule removes "
                "incomplete uploads: %s",
                error,
            )
            return False
        return True

    async def _send_filled(self) -> None:
        if self._upload_id is None:
            await self._in_thread(self._begin)
        while len(self._under_way) >= self._settings.parallel_parts:
            await self._wait_for_one()
        part, self._filling = bytes(self._filling), bytearray()
        self._parts += 1
        loop = asyncio.get_running_loop()
        self._under_way.add(loop.run_in_executor(self._pool, self._send, self._parts, part))

    async def _wait_for_one(self) -> None:
        done, self._under_way = await asyncio.wait(
            self._under_way, return_when=asyncio.FIRST_COMPLETED
        )
        errors = [future.exception() for future in done]
        for error in filter(None, errors):
            raise error

    async def _in_thread(self, call: Any) -> None:
        """Run a call to its end, also when this task is cancelled meanwhile."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        await ended([future])
        future.result()

    def _begin(self) -> None:
        with object_store_errors(self._settings, self._bucket, self._key, _PUT):
            self._upload_id = self._client.begin_upload(self._bucket, self._key)

    def _send(self, number: int, part: bytes) -> None:
        with object_store_errors(self._settings, self._bucket, self._key, _PUT):
            etag = self._client.send_part(
                self._bucket, self._key, self._upload_id or "", number, part
            )
        self._etags[number] = etag

    def _complete(self) -> None:
        with object_store_errors(self._settings, self._bucket, self._key, _PUT):
            self._client.complete_upload(
                self._bucket, self._key, self._upload_id or "", self._etags
            )

    def _abort(self) -> None:
        with object_store_errors(self._settings, self._bucket, self._key, _ABORT):
            self._client.abort_upload(self._bucket, self._key, self._upload_id or "")

    def _put_whole(self) -> None:
        with object_store_errors(self._settings, self._bucket, self._key, _PUT):
            content = io.BytesIO(self._filling)
            self._client.put_object(self._bucket, self._key, content, len(self._filling))


async def ended(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Wait until all are done, even when the waiting task is cancelled: threads end by themselves.

    Their results and errors are for the caller to look at. Each is bounded by the time-outs of the
    client.

    Raises
    ------
    asyncio.CancelledError
        After all have ended, if the task was cancelled meanwhile.
    """
    pending = set(futures)
    cancelled = False
    while pending:
        try:
            done, pending = await asyncio.wait(pending)
        except asyncio.CancelledError:
            cancelled = True
            continue
        for future in done:
            with contextlib.suppress(asyncio.CancelledError):
                future.exception()  # seen, so that asyncio does not complain of it
    if cancelled:
        raise asyncio.CancelledError
