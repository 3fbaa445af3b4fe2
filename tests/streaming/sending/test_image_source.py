from __future__ import annotations

import gzip
import io
import os
import re
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from wildfire_bench.compression import Buffer, ImageEncoder, encoder
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.errors import EmptyImage, ImageTooLarge, InputError, InvalidMetadata
from wildfire_bench.streaming.sending.image_source import ImageSource, identify

IMAGE = bytes(range(256)) * 4
LIMIT = 2_000


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


class Trickle(io.RawIOBase):
    """A file that gives three bytes at a time, as an unbuffered one may."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, 3))


def read_all(source: ImageSource) -> bytes:
    return bytes(source.block(0, source.size_bytes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    scene = tmp_path / "scene.tif"
    scene.write_bytes(IMAGE)
    return scene


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        bytearray(IMAGE),
        memoryview(IMAGE),
        np.frombuffer(IMAGE, "<u2").reshape(16, 32),
        io.BytesIO(IMAGE),
        Pipe(IMAGE),
        Trickle(IMAGE),
    ],
    ids=lambda image: type(image).__name__,
)
def test_bytes_arrays_files_and_pipes_are_read(image: object) -> None:
    with ImageSource(image, LIMIT) as source:  # type: ignore[arg-type]
        assert read_all(source) == IMAGE


def test_a_path_is_read_as_text_or_path(path: Path) -> None:
    for given_as in (path, str(path)):
        with ImageSource(given_as, LIMIT) as source:
            assert read_all(source) == IMAGE


def test_a_named_pipe_is_spooled(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(IMAGE,))
    writer.start()
    with ImageSource(fifo, LIMIT) as source:
        writer.join()
        assert read_all(source) == IMAGE


def test_a_file_is_read_from_where_it_stands_and_stays_open(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(1000)
        with ImageSource(file, LIMIT) as source:
            assert read_all(source) == IMAGE[1000:]
        assert not file.closed


def test_a_block_of_memory_is_not_copied() -> None:
    with ImageSource(np.frombuffer(IMAGE, "u1"), LIMIT) as source:
        assert np.shares_memory(np.frombuffer(source.block(5, 9), "u1"), np.frombuffer(IMAGE, "u1"))


@pytest.mark.parametrize("image", [b"", np.empty((0, 3)), io.BytesIO(), Pipe(), memoryview(b"")])
def test_an_image_without_bytes_is_refused(image: object) -> None:
    with pytest.raises(EmptyImage):
        ImageSource(image, LIMIT)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [bytes, io.BytesIO, Pipe])
def test_an_image_of_exactly_the_limit_is_accepted_and_one_more_byte_is_not(make: type) -> None:
    ImageSource(make(bytes(LIMIT)), LIMIT).close()
    with pytest.raises(ImageTooLarge, match="2,000"):
        ImageSource(make(bytes(LIMIT + 1)), LIMIT)


def test_a_text_file_is_refused(path: Path) -> None:
    with path.open(encoding="latin-1") as file, pytest.raises(InputError, match="binary mode"):
        ImageSource(file, LIMIT)  # type: ignore[arg-type]


def test_a_wrapped_text_file_is_refused() -> None:
    with (
        tempfile.NamedTemporaryFile("w+") as file,
        pytest.raises(InputError, match="binary mode"),
    ):
        ImageSource(file, LIMIT)  # type: ignore[arg-type]


def test_a_closed_file_is_refused(path: Path) -> None:
    with path.open("rb") as file:
        pass
    with pytest.raises(InputError, match="closed"):
        ImageSource(file, LIMIT)


def test_a_file_open_for_writing_alone_is_refused(path: Path) -> None:
    with path.open("wb") as file, pytest.raises(InputError, match="cannot be read"):
        ImageSource(file, LIMIT)


@pytest.mark.parametrize("name", ["missing.tif", "."])
def test_a_path_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=re.escape(str(tmp_path))):
        ImageSource(tmp_path / name, LIMIT)


@pytest.mark.parametrize("image", [7, None, object(), ["bytes"]])
def test_what_holds_no_bytes_is_refused(image: object) -> None:
    with pytest.raises(InputError, match="give bytes, a path or a binary file"):
        ImageSource(image, LIMIT)  # type: ignore[arg-type]


def test_a_codec_looks_at_the_image_and_not_at_the_file_behind_it(tmp_path: Path) -> None:
    class Looking(StoredCodec):
        def for_image(self, image: Buffer) -> ImageEncoder:
            seen.append(bytes(image))
            return super().for_image(image)

    seen: list[bytes] = []
    packed, plain = tmp_path / "scene.gz", tmp_path / "scene"
    plain.write_bytes(IMAGE)
    with gzip.open(packed, "wb") as file:
        file.write(IMAGE)
    with gzip.open(packed) as unpacked, plain.open("rb") as file:
        for image in (IMAGE, io.BytesIO(IMAGE), file, plain, unpacked, Pipe(IMAGE)):
            with ImageSource(image, LIMIT) as source:
                source.encoder_of(Looking())
    assert seen == [IMAGE] * 6


def test_a_strided_array_is_refused() -> None:
    with pytest.raises(InputError, match="C-contiguous"):
        ImageSource(np.zeros((8, 8), np.uint8)[:, ::2], LIMIT)


def test_a_file_that_shrinks_while_it_is_sent_is_an_error(path: Path) -> None:
    with ImageSource(path, LIMIT) as source:
        os.truncate(path, 10)
        with pytest.raises(InputError, match="shorter"):
            read_all(source)


def test_a_file_that_shrinks_before_a_codec_looks_at_it_is_an_error_and_no_crash(
    path: Path,
) -> None:
    with ImageSource(path, LIMIT) as source:
        path.write_bytes(IMAGE[:10])
        with pytest.raises(InputError, match=f"10 of {len(IMAGE)} bytes left"):
            source.encoder_of(encoder("zstd"))


def test_a_file_that_shrinks_while_a_codec_looks_at_it_is_an_error(path: Path) -> None:
    class Shrinking(StoredCodec):
        def for_image(self, image: Buffer) -> ImageEncoder:
            path.write_bytes(IMAGE[:10])
            return super().for_image(image)

    with (
        ImageSource(path, LIMIT) as source,
        pytest.raises(InputError, match="became shorter"),
    ):
        source.encoder_of(Shrinking())


def test_a_file_that_its_owner_closes_meanwhile_is_an_error(path: Path) -> None:
    with path.open("rb") as file:
        source = ImageSource(file, LIMIT)
    with pytest.raises(InputError, match="closed"):
        read_all(source)


def test_a_closed_source_says_so() -> None:
    source = ImageSource(io.BytesIO(IMAGE), LIMIT)
    source.close()
    with pytest.raises(InputError, match="closed"):
        read_all(source)


def test_an_image_is_the_same_however_it_is_handed_over(path: Path) -> None:
    def identity(image: object) -> object:
        with ImageSource(image, LIMIT) as source:  # type: ignore[arg-type]
            return identify(source, {"timestamp": "2025-10-13T10:00:00Z"}, "landsat_nrt")

    assert identity(IMAGE) == identity(path) == identity(Pipe(IMAGE))


@pytest.mark.parametrize("source_id", ["", "x" * 257, "a\nb", "a\0b"])
def test_an_unusable_source_id_is_refused(source_id: str) -> None:
    with ImageSource(IMAGE, LIMIT) as source, pytest.raises(InputError, match="source_id"):
        identify(source, None, source_id)


def test_an_unreadable_time_stamp_is_refused() -> None:
    with ImageSource(IMAGE, LIMIT) as source, pytest.raises(InvalidMetadata, match="timestamp"):
        identify(source, {"timestamp": "yesterday"}, "s")


def test_a_pipe_that_does_not_wait_for_more_is_an_error_and_not_its_end() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    with os.fdopen(read_end, "rb", buffering=0) as pipe, os.fdopen(write_end, "wb") as writer:
        writer.write(b"the first half")
        writer.flush()
        with pytest.raises(InputError, match="does not wait for more bytes"):
            ImageSource(pipe, LIMIT)


@pytest.mark.parametrize("path", ["scene\0.tif", "none.tif"])
def test_a_path_that_cannot_be_opened_is_an_error_that_names_it(path: str) -> None:
    with pytest.raises(InputError, match=re.escape(repr(path))):
        ImageSource(path, LIMIT)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="a file of Linux's")
def test_a_file_without_a_size_is_an_error() -> None:
    with pytest.raises(InputError, match="cannot be measured"):
        ImageSource("/proc/self/maps", LIMIT)


def test_a_source_id_that_is_no_string_is_an_error() -> None:
    with (
        ImageSource(IMAGE, LIMIT) as source,
        pytest.raises(InputError, match="source_id is int: give a string"),
    ):
        identify(source, None, 5)  # type: ignore[arg-type]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux's")
def test_a_full_disk_is_told_as_such_and_not_as_a_broken_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = Path("/dev/full")
    monkeypatch.setattr(
        tempfile,
        "TemporaryFile",
        lambda **_: full.open("r+b", buffering=0),
    )
    with pytest.raises(InputError, match=r"cannot be kept in .*: No space left on device; free"):
        ImageSource(Pipe(IMAGE), LIMIT)
