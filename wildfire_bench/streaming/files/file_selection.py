"""Which files a user means to send, and what is known about each from the JSON beside it."""

from __future__ import annotations

import errno
import glob
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wildfire_bench.errors import CorruptEnvelope, InputError, InvalidMetadata
from wildfire_bench.streaming.envelope.image_format import (
    HEAD_BYTES,
    OCTET_STREAM,
    media_type_of,
)
from wildfire_bench.streaming.envelope.metadata import encode_metadata
from wildfire_bench.streaming.envelope.strict_json import parse_json_object

__all__ = [
    "MAX_FILES",
    "MAX_METADATA_FILE_BYTES",
    "Selection",
    "files_in",
    "is_json",
    "metadata_of",
    "parse_metadata",
    "select_files",
    "side_cars",
]

MAX_FILES: Final = 100_000
"""Files that one selection may hold."""
MAX_METADATA_FILE_BYTES: Final = 1_000_000
"""Largest JSON file read; what is in it must still fit a header once it is written compactly."""

_UNFINISHED_SUFFIXES: Final = frozenset({".part", ".partial", ".tmp", ".temp", ".crdownload"})
"""What programs append to the name of a file that they are still writing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What patterns stand for."""

    files: tuple[Path, ...]
    """Each once, in the order of the patterns, sorted within one."""
    passed_over: tuple[Path, ...] = ()
    """Files in folders whose content is no image."""


def select_files(patterns: Iterable[str | Path]) -> Selection:
    """Find the files that paths, folders and globs name.

    Parameters
    ----------
    patterns
        A file is taken as it is. A folder stands for the images below it, told by their content;
        an empty file counts, so that it fails aloud. A glob (``*``, ``?``, ``[...]``, ``**``)
        stands for the files and folders it matches. Of both, hidden and unfinished files and JSON
        are left out, since JSON beside an image is its metadata.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If a pattern names nothing, or all together more than `MAX_FILES`.
    """
    found: dict[Path, None] = {}
    other: dict[Path, None] = {}
    for pattern in patterns:
        if not str(pattern):
            msg = "the name of a file is empty: give . to send this folder"
            raise InputError(msg)
        path = Path(pattern)
        if path.is_file():
            matches: Iterable[tuple[Path, bool]] = [(path, True)]
        elif path.is_dir():
            matches = _images_of(path)
        else:
            matches = _matching(str(pattern))
        named = False
        for match, taken in matches:
            named |= taken
            (found if taken else other)[match] = None
            if len(found) + len(other) > MAX_FILES:
                msg = f"{pattern} makes it more than {MAX_FILES:,} files: send them in parts"
                raise InputError(msg)
        if not named:
            msg = f"{pattern} names no image file: give files, folders or globs"
            if other:
                msg += f" (passed over {len(other):,} that are no images: name them to send them)"
            raise InputError(msg)
    return Selection(tuple(found), tuple(path for path in other if path not in found))


def files_in(folder: Path, *, with_json: bool = False) -> Iterator[Path]:
    """Files below a folder, sorted; hidden and unfinished files and JSON are left out.

    A folder below it that is removed meanwhile counts as empty.

    Parameters
    ----------
    folder
        Links to folders below it are not followed.
    with_json
        Gives JSON as well.

    Raises
    ------
    InputError
        If the folder or one below it cannot be read.
    """
    try:
        children = sorted(child for child in folder.iterdir() if not child.name.startswith("."))
        # a link may lead in a circle
        folders = {child for child in children if child.is_dir() and not child.is_symlink()}
    except OSError as error:
        msg = f"folder {folder} cannot be read: {error.strerror}"
        raise InputError(msg) from error
    for child in children:
        if child in folders:
            yield from _files_below(child, with_json)
        elif _may_be_sent(child) or (with_json and is_json(child) and child.is_file()):
            yield child


def is_json(path: Path) -> bool:
    """Whether a file is JSON by its name, and so no image but the metadata of one."""
    return path.suffix.lower() == ".json"


def side_cars(path: Path) -> tuple[Path, Path]:
    """Where the metadata of an image may lie: ``scene.tif.json``, else ``scene.json``."""
    return path.with_name(f"{path.name}.json"), path.with_suffix(".json")


def metadata_of(path: Path, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of an image file: what is shared by all, under what the JSON beside it says.

    Raises
    ------
    InvalidMetadata
        If that JSON cannot be read, or the two together do not fit a header.
    """
    own: dict[str, Any] = {}
    for side_car in side_cars(path):
        if side_car != path and _is_there(side_car):
            own = _read(side_car)
            break
    merged = {**shared, **own}
    encode_metadata(merged)
    return merged


def parse_metadata(given: str) -> dict[str, Any]:
    """Read metadata given as JSON text, which begins with ``{``, or as the path of a JSON file.

    Raises
    ------
    InvalidMetadata
        If it is not a JSON object that fits a header.
    """
    if given.lstrip().startswith("{"):
        parsed = _parse(given.encode(), "metadata")
    else:
        parsed = _read(Path(given))
    encode_metadata(parsed)
    return parsed


def _files_below(folder: Path, with_json: bool) -> Iterator[Path]:
    try:
        yield from files_in(folder, with_json=with_json)
    except InputError:
        if folder.exists():
            raise


def _images_of(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Files below a folder, each with whether it is an image."""
    for path in files_in(folder):
        yield path, _is_image(path)


def _matching(pattern: str) -> Iterator[tuple[Path, bool]]:
    for match in sorted(glob.iglob(pattern, recursive=True)):  # noqa: PTH207 - may be absolute
        path = Path(match)
        if path.is_dir():
            yield from _images_of(path)
        elif not path.name.startswith(".") and _may_be_sent(path):
            yield path, True


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return True  # sending it tells what is wrong
    return not head or media_type_of(head) != OCTET_STREAM


def _may_be_sent(path: Path) -> bool:
    unfinished = path.suffix.lower() in _UNFINISHED_SUFFIXES
    return not (unfinished or is_json(path)) and path.is_file()


def _is_there(side_car: Path) -> bool:
    try:
        return side_car.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # that of the image is nearly so
            return False
        msg = f"metadata file {side_car} cannot be read: {error.strerror}"
        raise InvalidMetadata(msg) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_METADATA_FILE_BYTES + 1)
    except OSError as error:
        msg = f"metadata file {path} cannot be read: {error.strerror}"
        raise InvalidMetadata(msg) from error
    return _parse(raw, f"metadata file {path}")


def _parse(raw: bytes, what: str) -> dict[str, Any]:
    try:
        return parse_json_object(raw, MAX_METADATA_FILE_BYTES, what)
    except CorruptEnvelope as error:
        raise InvalidMetadata(str(error)) from None
