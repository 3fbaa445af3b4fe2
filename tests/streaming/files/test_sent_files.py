import dataclasses
from pathlib import Path

import pytest

from wildfire_bench.streaming.files import sent_files
from wildfire_bench.streaming.files.file_watch import FileState
from wildfire_bench.streaming.files.sent_files import Acknowledged, SentFile, SentFiles


def scene(metadata: dict, name: str = "scene.tif") -> SentFile:
    return SentFile.of(Path(name), FileState(10, 1, 1), "s", metadata, "localhost:9092/")


def test_a_file_with_the_metadata_that_it_was_sent_with_needs_no_renewal() -> None:
    assert Acknowledged(scene({"n": 1}), "image-1").renewal_for(scene({"n": 1})) is None


def test_a_change_that_could_not_be_noted_has_the_same_token_again() -> None:
    sent = Acknowledged(scene({"n": 1}), "image-1")
    assert sent.renewal_for(scene({"n": 2})) == sent.renewal_for(scene({"n": 2}))


def test_metadata_that_goes_back_and_forth_never_has_a_token_twice() -> None:
    sent, tokens = Acknowledged(scene({"n": 0}), "image-1"), []
    for n in (1, 0, 1, 0):
        renewal = sent.renewal_for(scene({"n": n}))
        assert renewal is not None
        sent = Acknowledged(scene({"n": n}), "image-1", renewal.token)
        tokens.append(renewal.token)
    assert len(set(tokens)) == 4


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        ({"metadata_digest": ""}, True),
        ({"metadata_digest": "", "size_bytes": 11}, False),
        ({"metadata_digest": "", "source_id": "t"}, False),
        ({}, False),
    ],
    ids=["metadata", "size too", "source too", "nothing"],
)
def test_a_change_of_metadata_alone_is_told_from_others(change: dict, alone: bool) -> None:
    file = scene({"n": 1})
    assert dataclasses.replace(file, **change).differs_in_metadata_alone(file) == alone


def test_the_file_sent_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_files, "MAX_REMEMBERED_FILES", 2)
    files = SentFiles()
    first, second, third = (scene({}, name) for name in "abc")
    for file in (first, second, first, third):
        files.add(Acknowledged(file, "image-1"))
    assert [file in files for file in (first, second, third)] == [True, False, True]
