import pytest
import urllib3
from pydantic import SecretStr

from wildfire_bench.errors import CorruptEnvelope, CorruptPayload, ObjectStoreUnavailable
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.model import ObjectLocation
from wildfire_bench.streaming.object_store.s3_download import MAX_BLOCK_BYTES, RangedDownload

SETTINGS = S3Settings(endpoint="store:1", access_key="a", secret_key=SecretStr("b"))
CONTENT = bytes(range(100))
TABLE = tuple((10, 20, "x:00") for _ in range(10))
LOCATION = ObjectLocation("bucket", "key", 100, TABLE)


class Answer:
    """What a get returns: breaks after some bytes when told to."""

    def __init__(self, content: bytes, start: int, total: int, breaks_after: int | None) -> None:
        self.headers = {"content-range": f"bytes {start}-{start + len(content) - 1}/{total}"}
        self._content, self._left = content, breaks_after

    def read(self, amount: int) -> bytes:
        if self._left is not None:
            self._left -= amount
            if self._left < 0:
                msg = "connection broken"
                raise urllib3.exceptions.ProtocolError(msg)
        taken, self._content = self._content[:amount], self._content[amount:]
        return taken

    def close(self) -> None: ...

    def release_conn(self) -> None: ...


class StoreInMemory:
    """Stands for the store behind `S3Client`."""

    def __init__(self, breaks: list[int | None]) -> None:
        self.breaks = breaks
        self.starts: list[int] = []

    def get_object(self, bucket: str, key: str, offset: int, length: int) -> Answer:
        self.starts.append(offset)
        breaks_after = self.breaks.pop(0) if self.breaks else None
        return Answer(CONTENT[offset : offset + length], offset, len(CONTENT), breaks_after)


def fetched(store: StoreInMemory, location: ObjectLocation = LOCATION) -> list[tuple]:
    placed: list[tuple] = []
    RangedDownload(store, SETTINGS, location, lambda *block: placed.append(block)).run()
    return placed


def test_each_block_comes_with_its_offset_in_the_image():
    assert fetched(StoreInMemory([])) == [
        (index, 20 * index, CONTENT[10 * index : 10 * index + 10]) for index in range(10)
    ]


def test_a_broken_connection_goes_on_at_the_first_block_that_is_missing():
    store = StoreInMemory([35, None])
    assert [index for index, _, _ in fetched(store)] == list(range(10))
    assert store.starts == [0, 30]


def test_a_connection_that_keeps_breaking_is_given_up():
    with pytest.raises(ObjectStoreUnavailable, match="s3://bucket/key"):
        fetched(StoreInMemory([0, 0, 0]))


def test_an_object_of_another_size_is_corrupt():
    longer = ObjectLocation("bucket", "key", 110, (*TABLE, (10, 20, "x:00")))
    with pytest.raises(CorruptPayload, match="bytes 0-109/110"):
        fetched(StoreInMemory([]), longer)


@pytest.mark.parametrize(
    "location",
    [
        ObjectLocation("bucket", "key", 0, ()),
        ObjectLocation("bucket", "key", 99, TABLE),
        ObjectLocation("bucket", "key", 5, ((5, 5, "x:00"), (0, 5, "x:00"))),
        ObjectLocation("bucket", "key", MAX_BLOCK_BYTES + 1, ((MAX_BLOCK_BYTES + 1, 1, "x:00"),)),
    ],
)
def test_an_impossible_block_table_is_refused_before_any_request(location):
    store = StoreInMemory([])
    with pytest.raises(CorruptEnvelope):
        fetched(store, location)
    assert store.starts == []


def test_a_large_object_is_cut_into_ranges_of_about_a_part():
    blocks = ((4 << 20, 5 << 20, "x:00"),) * 10
    location = ObjectLocation("bucket", "key", 40 << 20, blocks)
    transfer = RangedDownload(StoreInMemory([]), SETTINGS, location, lambda *_: None)
    assert transfer.range_count == 3
