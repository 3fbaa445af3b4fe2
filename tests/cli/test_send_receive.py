"""``send`` and ``receive`` as a user calls them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wildfire_bench.cli import main
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.files.sent_journal import SentJournal

pytestmark = pytest.mark.integration

TIMEOUT_S = 40


@pytest.fixture
def scenes(user: Settings, tmp_path: Path) -> Path:
    """A folder with two images, in the user's working directory."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    for n in range(2):
        (folder / f"{n}.tif").write_bytes(tiff(5_000))
    return folder


def tiff(size_bytes: int) -> bytes:
    """Bytes that begin as a TIFF does; no two alike."""
    head = b"II*\0\x08\0\0\0"
    return head + os.urandom(size_bytes - len(head))


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_sent_is_received(scenes: Path, capsys) -> None:
    assert main(["send", "scenes", "--source-id", "nrt", "--json"]) == 0
    sent = lines(capsys.readouterr().out)
    assert main(["receive", "--out", "out", "--max", "2", "--json"]) == 0
    received = lines(capsys.readouterr().out)
    assert {each["image_id"] for each in sent} == {each["image_id"] for each in received}
    contents = {path.read_bytes() for path in scenes.iterdir()}
    assert {Path(each["path"]).read_bytes() for each in received} == contents


def test_a_receipt_says_route_records_and_seconds(scenes: Path, capsys) -> None:
    main(["send", "scenes/0.tif", "--json"])
    (receipt,) = lines(capsys.readouterr().out)
    assert (receipt["status"], receipt["route"], receipt["size_bytes"]) == ("sent", "direct", 5000)
    assert (len(receipt["records"]), receipt["seconds"]["total"] > 0) == (1, True)


def test_what_is_no_image_in_a_folder_is_told(scenes: Path, capsys) -> None:
    (scenes / "notes.txt").write_text("clouds")
    main(["send", "scenes"])
    assert capsys.readouterr().err.startswith("passed over 1 file that is no image: name it")


def test_a_second_run_with_the_state_file_sends_nothing(scenes: Path, capsys) -> None:
    main(["send", "scenes", "--resume", "sent.jsonl"])
    capsys.readouterr()
    assert main(["send", "scenes", "--resume", "sent.jsonl"]) == 0
    assert capsys.readouterr().err.strip() == "0 sent, 2 sent before"


def test_a_state_file_that_another_process_sends_by_is_one_line_and_status_two(
    scenes: Path, capsys
) -> None:
    with SentJournal(Path("sent.jsonl")):
        assert main(["send", "scenes", "--resume", "sent.jsonl"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("wildfire-bench: state file sent.jsonl is in use by another process")
    assert told.count("\n") == 1


def test_files_that_fail_are_told_one_a_line_and_give_status_two(scenes: Path, capsys) -> None:
    (scenes / "0.tif").write_bytes(b"")
    assert main(["send", "scenes"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("wildfire-bench: scenes/0.tif: image has no bytes")
    assert told[1:] == ["1 sent, 1 failed"]


def test_a_watched_folder_is_sent_until_nothing_comes(scenes: Path, capsys) -> None:
    options = ["--settle", "0.1", "--idle-timeout", "0.1", "--json"]
    assert main(["send", "--watch", "scenes", *options]) == 0
    assert {each["status"] for each in lines(capsys.readouterr().out)} == {"sent"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["send"], "--watch"),
        (["send", "nowhere"], "nowhere names no image file"),
        (["send", "scenes", "--metadata", "[1]"], "cannot be read"),
        (["send", "scenes", "--metadata", '{"a": NaN}'], "NaN"),
        (["send", "--watch", "nowhere"], "nowhere cannot be read"),
        (["send", "scenes", "--resume", "scenes/0.tif"], "state file scenes/0.tif"),
        (["receive", "--out", "scenes/0.tif"], "cannot be written"),
    ],
)
def test_a_mistake_is_one_line_and_status_two(scenes: Path, capsys, arguments, told) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1


@contextlib.contextmanager
def running(*arguments: str):
    """The command in a process of its own."""
    command = [sys.executable, "-c", "import sys; from wildfire_bench.cli import main"]
    command[-1] += f"; sys.exit(main({list(arguments)!r}))"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_json_that_comes_after_its_image_was_sent_lies_beside_it_where_it_is_received(
    scenes: Path, capsys
) -> None:
    with running("send", "--watch", "scenes", "--settle", "0.1", "--json") as process:
        sent = [json.loads(process.stdout.readline()) for _ in range(2)]
        (scenes / "0.part").write_text('{"sensor": "OLI"}')
        (scenes / "0.part").rename(scenes / "0.tif.json")
        again = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=TIMEOUT_S)
    assert {each["status"] for each in sent} == {"sent"}
    assert (again["path"], again["status"]) == ("scenes/0.tif", "sent_again")
    assert told.strip() == "2 sent, 1 sent again with other metadata"
    capsys.readouterr()
    assert main(["receive", "--out", "out", "--max", "3", "--json"]) == 0
    received = [each for each in lines(capsys.readouterr().out) if each["redelivered"]]
    assert [each["image_id"] for each in received] == [again["image_id"]]
    assert json.loads(Path(received[0]["metadata_path"]).read_text()) == {"sensor": "OLI"}
    assert Path(received[0]["earlier_metadata_path"]).read_text() == "{}\n"


def test_ctrl_c_ends_a_watch_after_what_was_sent(scenes: Path) -> None:
    with running("send", "--watch", "scenes", "--settle", "0.1", "--json") as process:
        sent = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=TIMEOUT_S)
    assert {each["status"] for each in sent} == {"sent"}
    assert (process.returncode, told.strip()) == (130, "2 sent")


def test_ctrl_c_among_many_files_names_those_not_sent(scenes: Path) -> None:
    for n in range(400):
        (scenes / f"more-{n}.tif").write_bytes(tiff(100_000))
    with running("send", "scenes") as process:
        printed = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        printed += process.stdout.read()  # communicate() would lose what readline() read ahead
        told = process.stderr.read()
        process.wait(TIMEOUT_S)
    sent = printed.count("\n")
    assert process.returncode == 130
    assert told.splitlines()[-1] == f"{sent} sent, {402 - sent} not sent"
    assert "not sent: scenes/" in told


def test_sigterm_ends_receiving_after_the_image_in_hand(scenes: Path) -> None:
    main(["send", "scenes"])
    with running("receive", "--out", "out", "--json") as process:
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, told.strip()) == (143, "2 received")
