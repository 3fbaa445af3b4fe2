import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from wildfire_bench.errors import ObjectStoreUnavailable
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.object_store.s3_upload import PartedUpload, ended

PART_BYTES = 5 << 20
SETTINGS = S3Settings(
    endpoint="store:1",
    access_key="a",
    secret_key=SecretStr("b"),
    part_bytes=PART_BYTES,
    parallel_parts=2,
)


class StoreInMemory:
    """Stands for the store behind `S3Client`: parts wait until they are let through."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.object: bytes | None = None
        self.threads: set[threading.Thread] = set()
        self.under_way = self.most_under_way = 0
        self.aborted_with_under_way: int | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.broken_part: int | None = None
        self._lock = threading.Lock()

    def begin_upload(self, bucket: str, key: str) -> str:
        self.threads.add(threading.current_thread())
        return "upload"

    def send_part(self, bucket: str, key: str, upload_id: str, number: int, part: bytes) -> str:
        self.threads.add(threading.current_thread())
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if number == self.broken_part:
                msg = "connection reset"
                raise ConnectionResetError(msg)
            self.gate.wait(10)
            self.parts[number] = part
            return f"etag-{number}"
        finally:
            with self._lock:
                self.under_way -= 1

    def complete_upload(self, bucket: str, key: str, upload_id: str, etags: dict) -> None:
        self.object = b"".join(self.parts[number] for number in sorted(etags))

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        self.aborted_with_under_way = self.under_way


async def write_whole(upload: PartedUpload, size_bytes: int) -> None:
    await upload.write(memoryview(bytes(size_bytes)))
    await upload.complete()


@pytest.fixture
def store() -> StoreInMemory:
    return StoreInMemory()


@pytest.fixture
def upload(store):
    with ThreadPoolExecutor(4) as pool:
        yield PartedUpload(store, SETTINGS, pool, "key")


async def test_an_object_is_its_parts_in_order(upload, store):
    content = bytes(range(256)) * (5 * PART_BYTES // 512)
    await upload.write(memoryview(content))
    await upload.complete()
    assert store.object == content


async def test_writing_waits_while_as_many_parts_as_allowed_are_under_way(upload, store):
    store.gate.clear()
    writing = asyncio.create_task(upload.write(memoryview(bytes(4 * PART_BYTES))))
    async with asyncio.timeout(10):
        while store.under_way < 2:
            await asyncio.sleep(0)
    store.gate.set()
    await writing
    await upload.complete()
    assert store.most_under_way == 2


async def test_the_event_loop_never_talks_to_the_store(upload, store):
    await write_whole(upload, 2 * PART_BYTES)
    assert threading.current_thread() not in store.threads


async def test_a_broken_part_fails_the_upload(upload, store):
    store.broken_part = 2
    with pytest.raises(ObjectStoreUnavailable, match="ConnectionResetError"):
        await write_whole(upload, 6 * PART_BYTES)
    assert store.object is None


async def test_an_upload_is_aborted_only_when_no_part_is_under_way(upload, store):
    store.gate.clear()
    await upload.write(memoryview(bytes(2 * PART_BYTES)))
    abandoning = asyncio.create_task(upload.abandon())
    await asyncio.sleep(0)
    abandoning.cancel()  # even a cancellation does not hurry it
    asyncio.get_running_loop().call_later(0.05, store.gate.set)
    await asyncio.wait([abandoning])
    assert store.aborted_with_under_way == 0


async def test_waiting_for_threads_outlasts_any_number_of_cancellations():
    future = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(ended([future]))
    for _ in range(3):
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    future.set_result(None)
    with pytest.raises(asyncio.CancelledError):
        await waiting
