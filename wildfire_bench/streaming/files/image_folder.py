"""A folder of received images: whole files under safe names, their metadata beside them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wildfire_bench.errors import FileNotWritten
from wildfire_bench.streaming.envelope.digest import Digest, digest_of
from wildfire_bench.streaming.files.whole_file import (
    flush_folder,
    not_written,
    remove_unfinished,
    write_whole,
)
from wildfire_bench.streaming.satellite_image import SatelliteImage

__all__ = ["ImageFolder", "StoredImage", "file_name_of"]

log = logging.getLogger(__name__)

MAX_NAME_CHARS: Final = 160
"""Of the part of a file name that comes from the image id; file systems take 255 bytes in all."""
_READ_BYTES: Final = 4 << 20
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9_-]|[A-Za-z0-9_]")
_DEVICE_NAMES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_SUFFIXES: Final[Mapping[str, str]] = {
    "image/tiff": ".tif",
    "image/jp2": ".jp2",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/x-hdf5": ".h5",
    "application/x-netcdf": ".nc",
}
_OTHER_SUFFIX: Final = ".bin"


@dataclass(frozen=True, slots=True)
class StoredImage:
    """Where an image lies."""

    path: Path
    metadata_path: Path
    written: bool
    """False when the identical file was there already, as after a redelivery."""
    earlier_metadata_path: Path | None = None
    """Where the metadata is kept that lay beside the image, when it came with other metadata."""


class ImageFolder:
    """Writes images so that a name never stands for half an image, and nothing is overwritten.

    Several programs may write to one folder.

    Parameters
    ----------
    path
        Made when missing. What a killed program left unfinished there is removed after an hour.

    Raises
    ------
    FileNotWritten
        If it cannot be made or is no folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            remove_unfinished(path)
        except OSError as error:
            raise not_written(path, error) from error

    def store(self, image: SatelliteImage) -> StoredImage:
        """Write an image and its metadata; returns once both are on the disk itself.

        The image comes under its id and a suffix for its media type, its metadata as the sender
        gave it under the same name and ``.json``, so that the folder can be sent again as it is.
        Where another image has the name, this one's digest is put to it. Where other metadata lies
        beside the image already, the newest takes its place, and what lay there is kept under a
        name with its digest, and told in a warning.

        Raises
        ------
        FileNotWritten
            If it cannot be written: the disk is full, or the folder is gone or read-only.
        """
        path = self.path / file_name_of(image.image_id, image.identity.media_type)
        try:
            held = _holds(path, image)
            if path.exists() and not held:
                digest = image.identity.digest.rpartition(":")[2]
                path = path.with_name(f"{path.stem}-{digest[:32]}{path.suffix}")
                held = _holds(path, image)
            metadata_path = path.with_name(f"{path.name}.json")
            # The metadata first: whoever waits for the image finds both.
            earlier = _renew_metadata(metadata_path, image.metadata)
            if not held:
                write_whole(path, image.data)
            flush_folder(self.path)
        except OSError as error:
            msg = f"{not_written(path, error)}; the image is not acknowledged and comes again"
            raise FileNotWritten(msg) from error
        if earlier is not None:
            what = "image %s came with other metadata: the newest is in %s, what lay there in %s"
            log.warning(what, image.image_id, metadata_path, earlier.name)
        return StoredImage(path, metadata_path, not held, earlier)


def file_name_of(image_id: str, media_type: str) -> str:
    """Name an image's file so that it lies in its folder, whatever a sender chose as the id.

    Returns
    -------
    str
        The id and a suffix for the media type. An id with other characters than letters, digits,
        ``-``, ``_`` and ``.``, or that a system would not take as a name, is cleaned, and a digest
        of it added, so that no two ids share a name.
    """
    suffix = _SUFFIXES.get(media_type, _OTHER_SUFFIX)
    plain = (
        len(image_id) <= MAX_NAME_CHARS
        and _PLAIN_ID.fullmatch(image_id) is not None
        and _DEVICE_NAMES.fullmatch(image_id) is None
    )
    if plain:
        return image_id + suffix
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", image_id)[:48].strip("-")
    unique = digest_of(image_id.encode(errors="surrogatepass")).rpartition(":")[2]
    return f"image-{readable}-{unique}{suffix}" if readable else f"image-{unique}{suffix}"


def _holds(path: Path, image: SatelliteImage) -> bool:
    """Whether a file is there and is this very image."""
    if not path.exists() or path.stat().st_size != image.identity.size_bytes:
        return False
    digest = Digest()
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            digest.update(piece)
    return str(digest) == image.identity.digest


def _renew_metadata(path: Path, metadata: Mapping[str, Any]) -> Path | None:
    """Write metadata where it is not yet; returns where that which lay there is kept."""
    kept = None
    try:
        earlier = path.read_bytes()
    except FileNotFoundError:
        pass
    else:
        if _says(earlier, metadata):
            return None
        digest = digest_of(earlier).rpartition(":")[2]
        kept = path.with_name(f"{path.stem}.earlier-{digest[:16]}.json")
        write_whole(kept, earlier)
    write_whole(path, _json(metadata))
    return kept


def _says(written: bytes, metadata: Mapping[str, Any]) -> bool:
    """Whether a file says the same, in whatever order and layout."""
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return False
    return json.dumps(found, sort_keys=True) == json.dumps(dict(metadata), sort_keys=True)


def _json(metadata: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(metadata), ensure_ascii=False, indent=2).encode() + b"\n"
