"""Where an image's bytes come from: memory, a path, or a binary file; and what image it is.

A source is read twice, once to identify it and once to send it, so that no whole copy is held. What
may change in between is digested the second time as well: it is an error then, not a wrong image.
"""

from __future__ import annotations

import io
import mmap
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeAlias

from wildfire_bench.compression.codec import Buffer, Codec, ImageEncoder
from wildfire_bench.errors import EmptyImage, ImageTooLarge, InputError
from wildfire_bench.streaming.envelope.digest import Digest
from wildfire_bench.streaming.envelope.image_format import HEAD_BYTES, media_type_of
from wildfire_bench.streaming.envelope.image_id import image_id_of
from wildfire_bench.streaming.envelope.metadata import acquisition_time
from wildfire_bench.streaming.model import ImageIdentity

__all__ = ["ImageData", "ImageSource", "identify", "require_source_id"]

ImageData: TypeAlias = Buffer | str | Path | BinaryIO
"""What `send_satellite_image` takes: bytes-like, a path, or a binary file."""

MAX_SOURCE_ID_CHARS = 256
_READ_BYTES = 4 << 20


class ImageSource:
    """Bytes of one image, read block by block; a context manager.

    Parameters
    ----------
    image_data
        Bytes-like (C-contiguous), a path, or a binary file read from where it stands. A pipe is
        spooled to a temporary file first.
    max_bytes
        Largest image accepted.

    Raises
    ------
    EmptyImage, ImageTooLarge
        If it has no bytes, or too many.
    InputError
        If it is of another kind or cannot be read.
    """

    def __init__(self, image_data: ImageData, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._view: memoryview | None = None
        self._file: BinaryIO | None = None
        self._start = 0
        self._owned = False
        if isinstance(image_data, str | Path):
            self._open(Path(image_data), max_bytes)
        elif hasattr(image_data, "read"):
            self._adopt(image_data, max_bytes)
        else:
            self._view = _flat(image_data)
        self.size_bytes = self._measure()
        if self.size_bytes == 0 or self.size_bytes > max_bytes:
            self.close()
        if self.size_bytes == 0:
            msg = "image has no bytes: there is nothing to send"
            raise EmptyImage(msg)
        if self.size_bytes > max_bytes:
            raise _too_large(self.size_bytes, max_bytes)

    @property
    def immutable(self) -> bool:
        """Whether nobody can change the bytes: those of a file or of a bytearray can be."""
        return self._view is not None and isinstance(self._view.obj, bytes)

    def block(self, offset_bytes: int, size_bytes: int) -> memoryview:
        """Bytes of one block; a view where the image is in memory.

        Raises
        ------
        InputError
            If the file became shorter or unreadable.
        """
        if self._view is not None:
            return self._view[offset_bytes : offset_bytes + size_bytes]
        file = self._file
        if file is None:
            msg = "image source is closed"
            raise InputError(msg)
        with self._lock:
            try:
                file.seek(self._start + offset_bytes)
                data = _read_all(file, size_bytes)
            except (OSError, ValueError) as error:  # ValueError: its owner closed it
                msg = f"image cannot be read: {error}"
                raise InputError(msg) from error
        if len(data) != size_bytes:
            msg = f"image became shorter while it was sent: {len(data)} of {size_bytes} bytes left"
            raise InputError(msg)
        return memoryview(data)

    def encoder_of(self, codec: Codec) -> ImageEncoder:
        """Let a codec look at the whole image once; a file is mapped for as long as that takes.

        A file cut short just then ends the process (SIGBUS); before or after, it is an error.
        """
        if self._view is not None:
            return codec.for_image(self._view)
        file = self._file
        # Only a file of the system's is mapped: the descriptor behind gzip.open() has other bytes.
        if not isinstance(getattr(file, "raw", file), io.FileIO) or file is None:
            return codec.for_image(self.block(0, self.size_bytes))
        end = self._start + self.size_bytes
        try:
            with (
                mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as mapped,
                memoryview(mapped) as whole,
                whole[self._start :] as image,
            ):
                encoder = codec.for_image(image)
        except (OSError, ValueError):  # cannot be mapped, or is shorter by now
            return codec.for_image(self.block(0, self.size_bytes))
        self.block(self.size_bytes - 1, 1)  # an error if it became shorter meanwhile
        return encoder

    def close(self) -> None:
        """Close what was opened here."""
        if self._owned and self._file is not None:
            self._file.close()
        self._file = self._view = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, path: Path, max_bytes: int) -> None:
        try:
            file = path.open("rb")
        except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
            why = getattr(error, "strerror", None) or error
            msg = f"image file {str(path)!r} cannot be read: {why}"
            raise InputError(msg) from error
        if file.seekable():
            self._file, self._owned = file, True
            return
        with file:
            self._spool(file, max_bytes)

    def _adopt(self, file: Any, max_bytes: int) -> None:
        try:
            nothing = file.read(0)  # tells text from binary without moving on
            seekable = isinstance(nothing, bytes) and file.seekable()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            msg = f"image file cannot be read: {error}"
            raise InputError(msg) from error
        if not isinstance(nothing, bytes):
            what = "a text file" if isinstance(nothing, str) else f"of type {type(file).__name__}"
            msg = f"image file is {what}: open it in binary mode"
            raise InputError(msg)
        if seekable:
            self._file, self._start = file, file.tell()
        else:
            self._spool(file, max_bytes)

    def _spool(self, pipe: Any, max_bytes: int) -> None:
        """Copy what can be read only once to a temporary file, since it will be read twice."""
        spool: BinaryIO = tempfile.TemporaryFile(prefix="wildfire-bench-")  # noqa: SIM115 - closed by close()
        self._file, self._owned = spool, True
        spooled = 0
        try:
            while (piece := pipe.read(_READ_BYTES)) != b"":
                if piece is None:
                    msg = "image cannot be read from its pipe, which does not wait for more bytes"
                    raise InputError(msg)
                spooled += len(piece)
                if spooled > max_bytes:
                    raise _too_large(spooled, max_bytes, at_least=True)
                _write(spool, piece)
        except OSError as error:
            self.close()
            msg = f"image cannot be read from its pipe: {error}"
            raise InputError(msg) from error
        except BaseException:
            self.close()
            raise

    def _measure(self) -> int:
        if self._view is not None:
            return len(self._view)
        file = self._file
        if file is None:
            return 0
        try:
            return max(0, file.seek(0, io.SEEK_END) - self._start)
        except OSError as error:
            self.close()
            msg = f"image file cannot be measured: {error.strerror}"
            raise InputError(msg) from error


def require_source_id(source_id: str) -> None:
    """Refuse what cannot be a part of an image's id.

    Raises
    ------
    InputError
        If it is not 1 to 256 printable characters.
    """
    given: object = source_id
    if not isinstance(given, str):
        msg = f"source_id is {type(source_id).__name__}: give a string"
        raise InputError(msg)
    if not 0 < len(source_id) <= MAX_SOURCE_ID_CHARS or not source_id.isprintable():
        msg = f"source_id must be 1 to {MAX_SOURCE_ID_CHARS} printable characters"
        raise InputError(msg)


def identify(
    source: ImageSource, metadata: Mapping[str, Any] | None, source_id: str
) -> ImageIdentity:
    """Read an image once and say which it is.

    Parameters
    ----------
    source
        The image.
    metadata
        The user's metadata; its ``timestamp`` becomes part of the identity.
    source_id
        Who took the image, 1 to 256 characters.

    Raises
    ------
    InputError
        If the source id is unusable or the image cannot be read.
    InvalidMetadata
        If the time stamp cannot be read.
    """
    require_source_id(source_id)
    acquired = acquisition_time(metadata or {})
    digest = Digest()
    head = source.block(0, min(HEAD_BYTES, source.size_bytes))
    media_type = media_type_of(head)
    for offset in range(0, source.size_bytes, _READ_BYTES):
        digest.update(source.block(offset, min(_READ_BYTES, source.size_bytes - offset)))
    return ImageIdentity(
        image_id=image_id_of(source_id, acquired, str(digest)),
        source_id=source_id,
        size_bytes=source.size_bytes,
        digest=str(digest),
        media_type=media_type,
        acquired=acquired,
    )


def _read_all(file: BinaryIO, size_bytes: int) -> bytes:
    """Read until the block is full or the file ends: an unbuffered file may give less at once."""
    data = file.read(size_bytes)
    while 0 < len(data) < size_bytes and (more := file.read(size_bytes - len(data))):
        data += more
    return data


def _write(spool: BinaryIO, piece: bytes) -> None:
    try:
        spool.write(piece)
        spool.flush()  # a full disk is told here, and not when it is read again
    except OSError as error:
        msg = (
            f"image from a pipe cannot be kept in {tempfile.gettempdir()}: {error.strerror}; free "
            "space there, or set TMPDIR"
        )
        raise InputError(msg) from error


def _flat(data: Buffer) -> memoryview:
    try:
        view = memoryview(data).toreadonly()
    except TypeError:
        msg = f"image_data is {type(data).__name__}: give bytes, a path or a binary file"
        raise InputError(msg) from None
    if view.nbytes == 0:
        return memoryview(b"")  # a shape with a zero in it cannot be cast
    try:
        return view.cast("B")
    except (TypeError, ValueError) as error:
        msg = f"image_data is not one run of bytes ({error}): pass a C-contiguous copy"
        raise InputError(msg) from error


def _too_large(size_bytes: int, max_bytes: int, *, at_least: bool = False) -> ImageTooLarge:
    more = "at least " if at_least else ""
    msg = (
        f"image is {more}{size_bytes:,} bytes; at most {max_bytes:,} are accepted: "
        "raise routing.max_image_bytes"
    )
    return ImageTooLarge(msg)
