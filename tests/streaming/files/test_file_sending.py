import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.streaming.conftest import picture
from wildfire_bench import KafkaDataProducer
from wildfire_bench.errors import DeliveryTimeout, EmptyImage, InvalidMetadata
from wildfire_bench.settings import ProducerSettings, Settings
from wildfire_bench.streaming.catalogue import browse
from wildfire_bench.streaming.files.file_selection import select_files
from wildfire_bench.streaming.files.file_sending import FileOutcome, FileStatus, send_files
from wildfire_bench.streaming.files.sent_files import SentFile
from wildfire_bench.streaming.files.sent_journal import SentJournal

pytestmark = pytest.mark.integration

SIZE_BYTES = 10_000


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
