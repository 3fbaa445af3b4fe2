import contextlib
import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wildfire_bench.errors import InputError, StateFileInUse
from wildfire_bench.streaming.files.file_watch import FileState
from wildfire_bench.streaming.files.sent_files import Acknowledged, SentFile
from wildfire_bench.streaming.files.sent_journal import SentJournal

FILE = SentFile.of(Path("scene.tif"), FileState(10, 1, 1), "s", {"n": 1}, "localhost:9092/")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with one file in it."""
    with SentJournal(tmp_path / "sent.jsonl") as journal:
        journal.add(Acknowledged(FILE, "image-1"))
    return tmp_path / "sent.jsonl"


def test_what_was_added_is_there_when_it_is_opened_again(path: Path) -> None:
    with SentJournal(path) as journal:
        assert FILE in journal


def test_the_token_of_the_newest_delivery_is_there_when_it_is_opened_again(path: Path) -> None:
    renewed = Acknowledged(dataclasses.replace(FILE, metadata_digest=""), "image-1", "token")
    with SentJournal(path) as journal:
        journal.add(renewed)
    with SentJournal(path) as journal:
        assert journal.latest(FILE) == renewed


@pytest.mark.parametrize(
    "change",
    [
        {"size_bytes": 11},
        {"mtime_ns": 2},
        {"source_id": "t"},
        {"metadata_digest": ""},
        {"target": "elsewhere:9092/"},
    ],
)
def test_a_file_that_changed_in_anything_is_new(path: Path, change: dict) -> None:
    with SentJournal(path) as journal:
        assert dataclasses.replace(FILE, **change) not in journal


def test_a_line_cut_short_is_dropped(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    with SentJournal(path) as journal:
        assert FILE in journal
    assert path.read_bytes() == whole


def test_a_journal_cut_short_in_its_first_line_is_empty(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])
    with SentJournal(path) as journal:
        assert len(journal) == 0


def test_lines_that_were_replaced_are_dropped_at_the_next_opening(path: Path) -> None:
    size = path.stat().st_size
    with SentJournal(path) as journal:
        for _ in range(3):
            journal.add(Acknowledged(FILE, "image-1"))
    SentJournal(path).__exit__(None, None, None)
    assert path.stat().st_size == size


UNUSABLE = {"version": 1, "image_id": "i", **dataclasses.asdict(FILE), "path": ["scene.tif"]}


@pytest.mark.parametrize(
    "other",
    [b"hello\n", b'{"version": 2}\n', b"[]\n", json.dumps(UNUSABLE).encode() + b"\n"],
    ids=["text", "later version", "list", "path that is none"],
)
def test_another_kind_of_file_is_refused_and_left_alone(tmp_path: Path, other: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(other)
    with pytest.raises(InputError, match=r"notes\.txt cannot be used"):
        SentJournal(path)
    assert path.read_bytes() == other


def test_a_folder_that_is_missing_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be used: folder .*none does not exist"):
        SentJournal(tmp_path / "none" / "sent.jsonl")
    assert not (tmp_path / "none").exists()


HOLD = """
import sys, pathlib
from wildfire_bench.streaming.files.sent_journal import SentJournal
journal = SentJournal(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """The journal in the hands of another process."""
    command = [sys.executable, "-c", HOLD, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_journal_of_another_process_is_refused_by_its_name_and_left_alone(path: Path) -> None:
    before = path.read_bytes()
    with held(path), pytest.raises(StateFileInUse, match=r"sent\.jsonl is in use .* name another"):
        SentJournal(path)
    assert path.read_bytes() == before


def test_a_process_that_was_killed_does_not_keep_its_journal(path: Path) -> None:
    with held(path) as process:
        process.kill()
        process.wait()
        with SentJournal(path) as journal:
            assert FILE in journal


def test_a_journal_is_the_same_under_another_name(path: Path) -> None:
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    with SentJournal(path), pytest.raises(StateFileInUse, match=r"link\.jsonl is in use"):
        SentJournal(link)


def test_a_link_to_a_journal_stays_one_when_lines_are_dropped(path: Path) -> None:
    link = path.with_name("link.jsonl")
    link.symlink_to(path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    with SentJournal(link) as journal:
        assert FILE in journal
    assert (link.is_symlink(), path.read_bytes()) == (True, whole)


def test_a_journal_that_was_refused_is_not_kept_locked(tmp_path: Path) -> None:
    path = tmp_path / "sent.jsonl"
    path.write_text("hello\n")
    with pytest.raises(InputError, match="holds something else"):
        SentJournal(path)
    path.unlink()
    with SentJournal(path) as journal:
        assert len(journal) == 0
