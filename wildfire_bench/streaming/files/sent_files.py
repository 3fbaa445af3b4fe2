"""Which files were sent as which images, and how one is sent again when its metadata changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.envelope.metadata import encode_metadata
from wildfire_bench.streaming.files.file_watch import FileState
from wildfire_bench.streaming.model import Renewal

__all__ = ["MAX_REMEMBERED_FILES", "Acknowledged", "SentFile", "SentFiles", "target_of"]

MAX_REMEMBERED_FILES: Final = 100_000
"""Files that are remembered without a journal; the oldest is forgotten for one more."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """One acknowledged file; the same file with the same metadata makes the same value."""

    path: str
    """Absolute."""
    size_bytes: int
    mtime_ns: int
    source_id: str
    metadata_digest: str
    target: str
    """Where it went; see `target_of`."""

    @classmethod
    def of(
        cls, path: Path, state: FileState, source_id: str, metadata: Mapping[str, Any], target: str
    ) -> Self:
        """Describe a file as it is now."""
        return cls(
            str(path.resolve()),
            state.size_bytes,
            state.mtime_ns,
            source_id,
            digest_of(encode_metadata(metadata)),
            target,
        )

    @property
    def place(self) -> tuple[str, str]:
        """What one line of a journal stands for."""
        return self.path, self.target

    def differs_in_metadata_alone(self, other: SentFile) -> bool:
        """Whether it is the other one, unchanged, with other metadata."""
        return self != other == replace(self, metadata_digest=other.metadata_digest)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A file and the image that it was sent as."""

    file: SentFile
    image_id: str
    token: str | None = None
    """Of the image's newest delivery; None while its metadata is what it was at first."""

    def renewal_for(self, file: SentFile) -> Renewal | None:
        """What delivers the image with the metadata that its file has now; None if it is the same.

        Each change has a token of its own, also one that takes the change before back. One that was
        sent and could not be noted has the same token when it is sent again.
        """
        if file.metadata_digest == self.file.metadata_digest:
            return None
        steps = "\0".join((self.token or "", self.file.metadata_digest, file.metadata_digest))
        return Renewal(self.image_id, digest_of(steps.encode()).rpartition(":")[2])


class SentFiles:
    """Remembers, as long as it lives, up to `MAX_REMEMBERED_FILES`."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str], Acknowledged] = {}

    def __contains__(self, file: SentFile) -> bool:
        found = self.latest(file)
        return found is not None and found.file == file

    def __len__(self) -> int:
        return len(self._sent)

    def latest(self, file: SentFile) -> Acknowledged | None:
        """What was last sent from the same place to the same target."""
        return self._sent.get(file.place)

    def add(self, sent: Acknowledged) -> None:
        """Note an acknowledged file; from any thread."""
        self._sent.pop(sent.file.place, None)
        self._sent[sent.file.place] = sent
        if len(self._sent) > MAX_REMEMBERED_FILES:
            del self._sent[next(iter(self._sent))]


def target_of(settings: Settings) -> str:
    """Name what is sent to: brokers and topic prefix."""
    return f"{settings.kafka.bootstrap_servers}/{settings.topic_prefix}"
