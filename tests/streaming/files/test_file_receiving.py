import asyncio
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import FileNotWritten, InputError
from wildfire_bench.streaming.files import file_receiving, whole_file
from wildfire_bench.streaming.files.file_receiving import ReceivedFile, receive_files
from wildfire_bench.streaming.files.file_selection import select_files
from wildfire_bench.streaming.files.file_sending import send_files
from wildfire_bench.streaming.files.image_folder import ImageFolder

pytestmark = pytest.mark.integration

DEADLINE_S = 30.0
METADATA = {"timestamp": "2025-10-13T10:00:00Z", "sensor": "OLI"}


class Unjoined:
    """A consumer that waits for its group, as after a member that was killed."""

    acknowledge = "manual"
    joined = False

    async def __anext__(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def receiving(consumer: Callable[..., SatelliteImageConsumer], tmp_path: Path):
    """Receive into a folder with a consumer of the test's group."""

    async def receive(count: int | None = 1, **options) -> list[ReceivedFile]:
        async with asyncio.timeout(DEADLINE_S), consumer(acknowledge="manual") as images:
            folder = ImageFolder(tmp_path / "out")
            received = receive_files(images, folder, max_images=count, **options)
            return [each async for each in received]

    return receive


async def test_an_image_lies_on_the_disk_as_it_was_sent(
    producer: KafkaDataProducer, receiving
) -> None:
    image = picture(300_000)
    receipt = await producer.send_satellite_image(image, METADATA, "landsat_nrt")
    (found,) = await receiving()
    assert found.stored.path.name == f"{receipt.image_id}.bin"
    assert found.stored.path.read_bytes() == image
    assert json.loads(found.stored.metadata_path.read_text()) == METADATA


async def test_a_received_folder_sends_as_the_same_images(
    producer: KafkaDataProducer, receiving, tmp_path: Path
) -> None:
    receipt = await producer.send_satellite_image(picture(1000), METADATA, "landsat_nrt")
    await receiving()
    files = select_files([str(tmp_path / "out" / "**" / "*")]).files
    again = [each async for each in send_files(producer, files, source_id="landsat_nrt")]
    assert [each.receipt.image_id for each in again if each.receipt] == [receipt.image_id]


async def test_an_image_on_the_disk_is_acknowledged(producer: KafkaDataProducer, receiving) -> None:
    for n in range(2):
        await producer.send_satellite_image(picture(1000, n), METADATA, "s")
    first, second = await receiving(), await receiving()
    assert first[0].image.image_id != second[0].image.image_id


async def test_an_image_that_could_not_be_written_comes_again(
    producer: KafkaDataProducer, receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    receipt = await producer.send_satellite_image(picture(1000), METADATA, "s")
    with monkeypatch.context() as patched:
        patched.setattr(whole_file.os, "fsync", refuse)
        with pytest.raises(FileNotWritten, match="disk is full"):
            await receiving()
    (found,) = await receiving()
    assert (found.image.image_id, found.image.redelivered) == (receipt.image_id, True)


async def test_it_ends_when_nothing_comes_for_long_enough(topics, receiving) -> None:
    assert await receiving(None, idle_timeout_s=0.2) == []


async def test_it_ends_with_the_stop(topics, receiving) -> None:
    stop = asyncio.Event()
    stop.set()
    assert await receiving(None, stop=stop) == []


async def test_a_consumer_that_acknowledges_by_itself_is_refused(
    topics, consumer, tmp_path
) -> None:
    with pytest.raises(InputError, match="manual"):
        await anext(receive_files(consumer(), ImageFolder(tmp_path)))


async def test_it_is_not_idle_before_the_group_has_given_it_its_partitions(tmp_path: Path) -> None:
    images = Unjoined()
    received = receive_files(images, ImageFolder(tmp_path), idle_timeout_s=0.01)  # type: ignore[arg-type]
    receiving = asyncio.create_task(anext(received, None))
    ended, _ = await asyncio.wait({receiving}, timeout=0.3)
    assert not ended
    images.joined = True
    async with asyncio.timeout(DEADLINE_S):
        assert await receiving is None


async def test_a_group_that_never_gives_it_partitions_is_idle_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_receiving, "JOIN_TIMEOUT_S", 0.05)
    received = receive_files(Unjoined(), ImageFolder(tmp_path), idle_timeout_s=0.01)  # type: ignore[arg-type]
    async with asyncio.timeout(DEADLINE_S):
        assert await anext(received, None) is None
