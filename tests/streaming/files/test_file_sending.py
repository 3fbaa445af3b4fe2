import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.streaming.conftest import picture, receive
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import DeliveryTimeout, EmptyImage, InvalidMetadata
from wildfire_bench.settings import ProducerSettings, Settings
from wildfire_bench.streaming.catalogue import browse
from wildfire_bench.streaming.files.file_selection import select_files
from wildfire_bench.streaming.files.file_sending import FileOutcome, FileStatus, send_files
from wildfire_bench.streaming.files.file_watch import watch_folder
from wildfire_bench.streaming.files.sent_files import SentFile
from wildfire_bench.streaming.files.sent_journal import SentJournal

pytestmark = pytest.mark.integration

SIZE_BYTES = 10_000
SETTLE_S = 0.1
DEADLINE_S = 30.0
MakeConsumer = Callable[..., SatelliteImageConsumer]


def tiff(seed: int) -> bytes:
    """Bytes that begin as a TIFF does."""
    head = b"II*\0\x08\0\0\0"
    return head + picture(SIZE_BYTES - len(head), seed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, one with metadata beside it."""
    scenes = tmp_path / "scenes"
    scenes.mkdir()
    for n in range(3):
        (scenes / f"{n}.tif").write_bytes(tiff(n))
    (scenes / "1.tif.json").write_text('{"sensor": "OLI"}')
    return scenes


async def outcomes(producer: KafkaDataProducer, folder: Path, **options) -> list[FileOutcome]:
    found = [each async for each in send_files(producer, select_files([folder]).files, **options)]
    return sorted(found, key=lambda each: each.path)


def statuses(found: list[FileOutcome]) -> list[str]:
    return [each.status.value for each in found]


async def test_every_file_of_a_folder_is_sent(producer: KafkaDataProducer, folder: Path) -> None:
    found = await outcomes(producer, folder, source_id="landsat_nrt")
    assert [(each.status, each.size_bytes) for each in found] == [(FileStatus.SENT, SIZE_BYTES)] * 3
    assert all(each.receipt.identity.source_id == "landsat_nrt" for each in found if each.receipt)


async def test_json_beside_a_file_is_its_metadata(
    producer: KafkaDataProducer, folder: Path, topics: Settings
) -> None:
    await outcomes(producer, folder, metadata={"sensor": "MSI", "n": 1})
    sent = [entry.metadata for entry in await asyncio.to_thread(list, browse(topics))]
    assert sorted(sent, key=str) == [{"sensor": "MSI", "n": 1}] * 2 + [{"sensor": "OLI", "n": 1}]


async def test_a_file_that_cannot_be_sent_does_not_stop_the_others(
    producer: KafkaDataProducer, folder: Path
) -> None:
    (folder / "0.tif").write_bytes(b"")
    (folder / "1.tif.json").write_text("[]")
    found = await outcomes(producer, folder)
    assert statuses(found) == ["failed", "failed", "sent"]
    assert [type(each.error) for each in found[:2]] == [EmptyImage, InvalidMetadata]


async def test_a_file_that_is_gone_by_its_turn_is_told(
    producer: KafkaDataProducer, folder: Path
) -> None:
    files = select_files([folder]).files
    files[0].unlink()
    found = [each async for each in send_files(producer, files)]
    assert sorted(statuses(found)) == ["failed", "sent", "sent"]


async def test_a_second_run_sends_only_what_is_new_or_changed(
    producer: KafkaDataProducer, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sent.jsonl"
    with SentJournal(path) as journal:
        await outcomes(producer, folder, journal=journal)
    (folder / "1.tif.json").write_text('{"sensor": "MSI"}')
    (folder / "3.tif").write_bytes(tiff(3))
    with SentJournal(path) as journal:
        found = await outcomes(producer, folder, journal=journal)
    assert statuses(found) == ["already_sent", "sent_again", "already_sent", "sent"]


async def test_what_was_acknowledged_before_a_crash_is_left_out(
    producer: KafkaDataProducer, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sent.jsonl"
    with SentJournal(path) as journal:
        sending = send_files(producer, select_files([folder]).files, journal=journal)
        first = await anext(sending)
        await sending.aclose()
    with SentJournal(path) as journal:
        found = await outcomes(producer, folder, journal=journal)
    assert {each.path: each.status for each in found}[first.path] is FileStatus.ALREADY_SENT


async def test_after_a_stop_no_file_is_begun_and_each_is_accounted_for(
    producer: KafkaDataProducer, folder: Path
) -> None:
    stop = asyncio.Event()
    stop.set()
    assert statuses(await outcomes(producer, folder, stop=stop)) == ["not_sent"] * 3


async def test_bytes_on_their_way_are_bounded(topics: Settings, folder: Path) -> None:
    one_file = ProducerSettings(max_in_flight_bytes=SIZE_BYTES)
    settings = topics.model_copy(update={"kafka_producer": one_file})
    began: list[Path] = []

    class Watched(KafkaDataProducer):
        async def send_satellite_image(self, image_data, *rest, **options):
            assert not self.under_way
            self.under_way = True
            began.append(image_data)
            try:
                return await super().send_satellite_image(image_data, *rest, **options)
            finally:
                self.under_way = False

        under_way = False

    async with Watched(settings=settings) as producer:
        await outcomes(producer, folder)
    assert len(began) == 3


async def test_an_iterator_without_end_ends_with_the_stop(
    producer: KafkaDataProducer, folder: Path
) -> None:
    async def endless() -> AsyncIterator[Path]:
        yield folder / "0.tif"
        await asyncio.Event().wait()

    stop = asyncio.Event()
    found = []
    async for each in send_files(producer, endless(), stop=stop):
        found.append(each)
        stop.set()
    assert statuses(found) == ["sent"]


async def test_brokers_that_do_not_answer_end_the_run(folder: Path) -> None:
    class Silent:
        settings = Settings(kafka_producer=ProducerSettings(max_in_flight_bytes=1))

        async def send_satellite_image(self, *_image, **_options):
            raise DeliveryTimeout("no answer")

    found = await outcomes(Silent(), folder)  # type: ignore[arg-type]  # all that is used of one
    assert sorted(statuses(found)) == ["failed", "not_sent", "not_sent"]


async def test_a_file_whose_name_is_as_long_as_one_may_be_is_sent(
    producer: KafkaDataProducer, tmp_path: Path
) -> None:
    (tmp_path / ("n" * 251 + ".tif")).write_bytes(tiff(0))
    assert statuses(await outcomes(producer, tmp_path)) == ["sent"]


async def test_an_error_that_nobody_foresaw_ends_the_run_instead_of_a_file_without_outcome(
    producer: KafkaDataProducer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def fail(path: Path, *_: object) -> None:
        asked.append(path)
        raise RuntimeError(path.name)

    async def paths() -> AsyncIterator[Path]:
        yield folder / "0.tif"
        while not asked:
            await asyncio.sleep(0)
        for _ in range(3):  # the task that failed is done and gone
            await asyncio.sleep(0)

    monkeypatch.setattr(SentFile, "of", fail)
    with pytest.raises(RuntimeError, match=r"0\.tif"):
        [each async for each in send_files(producer, paths())]


async def twice(path: Path, again: asyncio.Event) -> AsyncIterator[Path]:
    """A file, and once more when it is time."""
    yield path
    await again.wait()
    yield path


async def test_json_that_comes_after_its_image_was_sent_is_delivered(
    producer: KafkaDataProducer, consumer: MakeConsumer, folder: Path
) -> None:
    watched = watch_folder(folder, settle_s=SETTLE_S)
    async with asyncio.timeout(DEADLINE_S), consumer() as images:
        async with contextlib.aclosing(send_files(producer, watched)) as sending:
            first = [await anext(sending) for _ in range(3)]
            await receive(images, 3)
            (folder / "0.part").write_text('{"sensor": "MSI"}')
            (folder / "0.part").rename(folder / "0.json")
            again = await anext(sending)
        (renewed,) = await receive(images)
    assert (again.path.name, again.status) == ("0.tif", FileStatus.SENT_AGAIN)
    ids = {each.path: each.receipt.image_id for each in first if each.receipt}
    assert renewed.image_id == ids[again.path]
    assert (renewed.metadata, renewed.redelivered) == ({"sensor": "MSI"}, True)


async def test_json_that_changed_between_two_runs_is_delivered(
    producer: KafkaDataProducer, consumer: MakeConsumer, folder: Path, tmp_path: Path
) -> None:
    async with consumer() as images:
        for sensor in ("OLI", "MSI", "OLI"):
            (folder / "1.tif.json").write_text(json.dumps({"sensor": sensor}))
            with SentJournal(tmp_path / "sent.jsonl") as journal:
                await outcomes(producer, folder, journal=journal)
        found = [each.metadata.get("sensor") for each in await receive(images, 5)]
    assert [sensor for sensor in found if sensor is not None] == ["OLI", "MSI", "OLI"]


async def test_a_file_that_comes_again_waits_for_its_own_earlier_send(
    topics: Settings, folder: Path
) -> None:
    began = asyncio.Event()

    class OneByOne(KafkaDataProducer):
        async def send_satellite_image(self, *image, **options):
            assert not self.under_way
            self.under_way = True
            (folder / "0.json").write_text('{"sensor": "MSI"}')
            began.set()
            try:
                return await super().send_satellite_image(*image, **options)
            finally:
                self.under_way = False

        under_way = False

    async with OneByOne(settings=topics) as producer:
        found = [each async for each in send_files(producer, twice(folder / "0.tif", began))]
    assert statuses(found) == ["sent", "sent_again"]


async def test_a_file_that_comes_again_unchanged_is_not_sent_again(
    producer: KafkaDataProducer, folder: Path
) -> None:
    at_once = asyncio.Event()
    at_once.set()
    found = [each async for each in send_files(producer, twice(folder / "0.tif", at_once))]
    assert statuses(found) == ["sent", "already_sent"]


async def test_json_that_gives_another_time_makes_another_image_which_is_told(
    producer: KafkaDataProducer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    changed = asyncio.Event()
    found = []
    async for each in send_files(producer, twice(folder / "0.tif", changed)):
        found.append(each)
        (folder / "0.json").write_text('{"timestamp": "2025-10-13T10:00:00Z"}')
        changed.set()
    assert statuses(found) == ["sent", "sent"]
    ids = {each.receipt.image_id for each in found if each.receipt}
    assert len(ids) == 2
    (told,) = [each for each in caplog.messages if "another image" in each]
    assert all(each in told for each in (*ids, str(folder / "0.tif")))
