import asyncio
import hashlib
import socket
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zstandard
from pydantic import SecretStr

from wildfire_bench.errors import (
    CorruptEnvelope,
    CorruptPayload,
    DigestMismatch,
    EmptyImage,
    InputError,
    NotRunning,
    ObjectMissing,
    ObjectStoreNotConfigured,
    ObjectStoreUnavailable,
)
from wildfire_bench.samples import sample
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation
from wildfire_bench.streaming.object_store import s3_client
from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler, object_key

PART_BYTES = 5 << 20
BLOCK_BYTES = 1_500_000
SCENE_BYTES = 18_000_000


@pytest.fixture(scope="session")
def scene(tmp_path_factory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("scene")
    return bytes(sample("sentinel-2", SCENE_BYTES, exact=True, cache_dir=folder).data)


@pytest.fixture(scope="session")
def s3(stack) -> S3Settings:
    """One bucket for all: making one takes the store a second."""
    own = S3Settings(bucket="s3-reference-handler", part_bytes=PART_BYTES)
    return stack.apply(Settings(s3=own)).s3


@pytest.fixture
def empty(settings) -> S3Settings:
    """A bucket that holds nothing."""
    return settings.s3.model_copy(update={"part_bytes": PART_BYTES})


def identity_of(image: bytes) -> ImageIdentity:
    digest = hashlib.md5(image, usedforsecurity=False).hexdigest()
    return ImageIdentity(f"scene-{digest}", "tests", len(image), f"x:{digest}", "image/tiff", None)


def blocks_of(image: bytes, codec=bytes) -> list[tuple[bytes, int, str]]:
    raw = [image[at : at + BLOCK_BYTES] for at in range(0, len(image), BLOCK_BYTES)]
    return [(codec(block), len(block), f"x:{index:08x}") for index, block in enumerate(raw)]


async def streamed(blocks, fail_after: int | None = None) -> AsyncIterator[tuple[bytes, int, str]]:
    for index, block in enumerate(blocks):
        if index == fail_after:
            msg = "the image changed"
            raise InputError(msg)
        await asyncio.sleep(0)
        yield block


def unzstd(payload: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(payload)  # one for each thread that calls


def content_of(s3: S3Settings, key: str) -> bytes:
    client = s3_client.connect_s3(s3, 1)
    response = client.get_object(s3.bucket, key)
    try:
        return response.read()
    finally:
        response.release_conn()
        client.close()


def left_in(s3: S3Settings) -> tuple[list[str], list[str]]:
    """Objects and incomplete uploads in the bucket."""
    client = s3_client.connect_s3(s3, 1)
    try:
        objects = [found.object_name for found in client.list_objects(s3.bucket, recursive=True)]
        uploads = client._list_multipart_uploads(s3.bucket).uploads
        return objects, [upload.object_name for upload in uploads]
    finally:
        client.close()


async def reassembled(store: S3ReferenceHandler, location: ObjectLocation, decode=bytes) -> bytes:
    image = bytearray(sum(decoded for _, decoded, _ in location.blocks))

    def place(index: int, offset_bytes: int, payload: bytes) -> None:
        block = decode(payload)
        image[offset_bytes : offset_bytes + len(block)] = block

    await store.download(location, place)
    return bytes(image)


@pytest.mark.integration
class TestOnARealStore:
    async def test_an_image_comes_back_as_it_was(self, s3, scene):
        zstd = zstandard.ZstdCompressor(1)
        async with S3ReferenceHandler(s3) as store:
            blocks = blocks_of(scene, zstd.compress)
            location = await store.upload(identity_of(scene), streamed(blocks))
            assert await reassembled(store, location, unzstd) == scene

    async def test_zstd_reads_the_whole_object_as_one_stream(self, s3, scene):
        zstd = zstandard.ZstdCompressor(1)
        async with S3ReferenceHandler(s3) as store:
            blocks = blocks_of(scene, zstd.compress)
            location = await store.upload(identity_of(scene), streamed(blocks))
        stored = content_of(s3, location.key)
        reader = zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True)
        assert reader.read() == scene

    @pytest.mark.parametrize("size_bytes", [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1])
    async def test_an_object_of_stored_blocks_is_the_image_itself(self, s3, scene, size_bytes):
        image = scene[:size_bytes]
        async with S3ReferenceHandler(s3) as store:
            location = await store.upload(identity_of(image), iter(blocks_of(image)))
        assert content_of(s3, location.key) == image

    async def test_a_block_larger_than_a_part_is_cut(self, s3, scene):
        async with S3ReferenceHandler(s3) as store:
            location = await store.upload(identity_of(scene), [(scene, len(scene), "x:00000000")])
            assert await reassembled(store, location) == scene

    async def test_a_resend_takes_the_same_key(self, empty, scene):
        image = scene[:2_000_000]
        async with S3ReferenceHandler(empty) as store:
            first = await store.upload(identity_of(image), blocks_of(image))
            again = await store.upload(identity_of(image), blocks_of(image))
        assert again == first
        assert left_in(empty)[0] == [first.key]

    async def test_another_encoding_takes_another_key(self, s3, scene):
        image = scene[:2_000_000]
        async with S3ReferenceHandler(s3) as store:
            one = await store.upload(identity_of(image), blocks_of(image), variant="zstd-1")
            two = await store.upload(identity_of(image), blocks_of(image), variant="zstd-9")
        assert one.key != two.key

    async def test_several_images_go_up_and_down_at_once(self, s3, scene):
        images = [scene[start : start + 8_000_000] for start in (0, 4_000_000, 9_000_000)]
        async with S3ReferenceHandler(s3) as store:
            locations = await asyncio.gather(
                *(store.upload(identity_of(image), streamed(blocks_of(image))) for image in images)
            )
            received = await asyncio.gather(*(reassembled(store, place) for place in locations))
        assert received == images

    @pytest.mark.parametrize("fail_after", [0, 1, 11])
    async def test_a_failing_source_leaves_nothing_behind(self, empty, scene, fail_after):
        async with S3ReferenceHandler(empty) as store:
            with pytest.raises(InputError, match="the image changed"):
                await store.upload(identity_of(scene), streamed(blocks_of(scene), fail_after))
        assert left_in(empty) == ([], [])

    async def test_a_cancelled_upload_leaves_nothing_behind(self, empty, scene):
        parts_begun = asyncio.Event()

        async def endless() -> AsyncIterator[tuple[bytes, int, str]]:
            for block in blocks_of(scene):
                yield block
            parts_begun.set()
            await asyncio.Event().wait()

        async with S3ReferenceHandler(empty) as store:
            upload = asyncio.create_task(store.upload(identity_of(scene), endless()))
            await parts_begun.wait()
            upload.cancel()
            with pytest.raises(asyncio.CancelledError):
                await upload
        assert left_in(empty) == ([], [])

    async def test_blocks_that_are_not_the_image_are_refused(self, empty, scene):
        async with S3ReferenceHandler(empty) as store:
            with pytest.raises(InputError, match="18,000,000 bytes, its blocks decode to"):
                await store.upload(identity_of(scene), blocks_of(scene)[:-1])
        assert left_in(empty) == ([], [])

    async def test_no_blocks_are_no_image(self, s3, scene):
        async with S3ReferenceHandler(s3) as store:
            with pytest.raises(EmptyImage):
                await store.upload(identity_of(scene), [])

    async def test_a_missing_object_is_named(self, s3, scene):
        async with S3ReferenceHandler(s3) as store:
            await store.upload(identity_of(scene[:10]), blocks_of(scene[:10]))
            gone = ObjectLocation(s3.bucket, "images/gone", 5, ((5, 5, "x:00000000"),))
            with pytest.raises(ObjectMissing, match=f"s3://{s3.bucket}/images/gone"):
                await reassembled(store, gone)

    async def test_a_missing_bucket_is_no_fault_of_the_reader(self, s3):
        gone = ObjectLocation("no-such-bucket", "images/gone", 5, ((5, 5, "x:00000000"),))
        async with S3ReferenceHandler(s3) as store:
            with pytest.raises(ObjectMissing, match="no-such-bucket"):
                await reassembled(store, gone)

    @pytest.mark.parametrize("size_bytes", [900, 1_100])
    async def test_a_replaced_object_is_noticed_by_its_size(self, s3, scene, size_bytes):
        identity = identity_of(scene[:1_000])
        async with S3ReferenceHandler(s3) as store:
            location = await store.upload(identity, blocks_of(scene[:1_000]))
            client = s3_client.connect_s3(s3, 1)
            client._put_object(s3.bucket, location.key, scene[:size_bytes])
            client.close()
            with pytest.raises(CorruptPayload, match="replaced"):
                await reassembled(store, location)

    async def test_an_error_of_the_decoder_comes_through_and_ends_the_download(self, s3, scene):
        placed = []

        def place(index: int, offset_bytes: int, payload: bytes) -> None:
            placed.append(index)
            if len(placed) == 3:
                msg = "block altered"
                raise DigestMismatch(msg)

        async with S3ReferenceHandler(s3) as store:
            location = await store.upload(identity_of(scene), blocks_of(scene))
            with pytest.raises(DigestMismatch):
                await store.download(location, place)
            seen = len(placed)
        assert seen == len(placed) < len(location.blocks)

    async def test_a_signed_url_gives_the_object_to_anyone(self, s3, scene):
        image = scene[:100_000]
        async with S3ReferenceHandler(s3) as store:
            location = await store.upload(identity_of(image), blocks_of(image))
            url, expires = await store.presign(location)
        with urllib.request.urlopen(url) as response:
            assert response.read() == image
        assert expires.endswith("Z")

    async def test_a_wrong_key_is_said_without_showing_it(self, s3, scene):
        wrong = s3.model_copy(update={"secret_key": SecretStr("wrong-secret-value")})
        async with S3ReferenceHandler(wrong) as store:
            with pytest.raises(ObjectStoreUnavailable, match="S3_SECRET_KEY") as error:
                await store.upload(identity_of(scene), blocks_of(scene))
        assert "wrong-secret-value" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY"),
        ({"access_key": "a", "secret_key": SecretStr("b")}, "S3_ENDPOINT"),
        ({"endpoint": "localhost:9000"}, "S3_ACCESS_KEY and S3_SECRET_KEY"),
    ],
)
async def test_a_store_that_is_not_configured_names_what_is_missing(given, missing):
    with pytest.raises(ObjectStoreNotConfigured, match=rf": set {missing} \("):
        await S3ReferenceHandler(S3Settings(**given)).start()


async def test_a_store_that_is_down_stops_no_start_and_is_named_by_the_upload(monkeypatch):
    monkeypatch.setattr(s3_client, "BACKOFF_S", 0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{unused.getsockname()[1]}"
        settings = S3Settings(
            endpoint=f"http://{endpoint}", access_key="access", secret_key=SecretStr("hidden")
        )
        async with S3ReferenceHandler(settings) as store:
            with pytest.raises(ObjectStoreUnavailable, match=endpoint) as error:
                await store.upload(identity_of(b"image"), blocks_of(b"image"))
    assert "hidden" not in str(error.value)


async def test_a_handler_that_was_not_started_says_so():
    with pytest.raises(NotRunning, match="start"):
        await S3ReferenceHandler(S3Settings()).upload(identity_of(b"x"), blocks_of(b"x"))


async def test_a_block_table_that_contradicts_itself_is_refused_before_any_request():
    settings = S3Settings(
        endpoint="127.0.0.1:1", access_key="a", secret_key=SecretStr("b"), secure=False
    )
    async with S3ReferenceHandler(settings) as store:
        with pytest.raises(CorruptEnvelope, match="sum up to 5"):
            await reassembled(store, ObjectLocation("bucket", "key", 6, ((5, 5, "x:00"),)))


def test_a_key_stands_in_a_url_as_it_is():
    identity = ImageIdentity("a/b c", "s", 1, "x:00", "image/png", None)
    assert object_key(identity, "zstd-1") == "images/a%2Fb%20c.zstd-1"
